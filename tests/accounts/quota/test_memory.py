"""The last minute, as this process counts it: exact by a clock of the test's own, and forgotten when it is over."""

from collections import deque
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rhapsode.accounts.quota.ask import MINUTE, Ask, Window
from rhapsode.accounts.quota.memory import MemoryQuota
from rhapsode.core.errors import LimitError
from rhapsode.core.limiter import Unit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ask(*, requests: int | None = None, units: int | None = None, amount: int = 1, key: str = "k") -> Ask:
    def windows(limit: int | None) -> tuple[Window, ...]:
        return () if limit is None else (Window(key, limit, "this group"),)

    return Ask(windows(requests), windows(units), (), Unit.TOKENS, amount)


def refusal(quota: MemoryQuota, wanted: Ask) -> LimitError | None:
    try:
        quota.take(wanted)
    except LimitError as error:
        return error
    return None


CALLS = st.lists(st.tuples(st.floats(0, 40), st.integers(0, 12), st.integers(0, 30)), max_size=60)


@given(CALLS, st.integers(1, 20), st.integers(12, 60))
def test_no_minute_begins_with_more_than_there_is_and_who_waits_as_told_is_let_in(
    calls: list[tuple[float, int, int]], requests: int, units: int
) -> None:
    clock = Clock()
    quota = MemoryQuota(clock=clock)
    let_in: deque[float] = deque()
    taken: deque[tuple[float, int]] = deque()
    for pause, known, more in calls:
        clock.now += pause
        wanted = ask(requests=requests, units=units, amount=known)
        if (refused := refusal(quota, wanted)) is not None:
            wait = refused.retry_after
            assert wait is not None
            asked = clock.now
            clock.now = asked + 0.99 * wait
            if clock.now < asked + wait:
                assert type(refusal(quota, wanted)) is type(refused)
            clock.now = asked + wait + 1e-6
            if (other := refusal(quota, wanted)) is not None:  # the other limit's turn
                assert type(other) is not type(refused)
                continue
        assert sum(at > clock.now - MINUTE for at in let_in) < requests
        assert sum(amount for at, amount in taken if at > clock.now - MINUTE) + known <= units
        let_in.append(clock.now)
        taken.append((clock.now, known))
        quota.settle(wanted, known + more)
        taken.append((clock.now, more))


async def test_windows_of_callers_who_are_gone_are_dropped() -> None:
    clock = Clock()
    quota = MemoryQuota(clock=clock)
    wanted = ask(requests=10, units=100)
    for number in range(1000):
        key = f"gone {number}"
        hold = quota.take(replace(wanted, parallel=(Window(key, 1, ""),), **windows_of(key)))
        await hold.settle(20)
    assert len(quota) == 2000
    clock.now += MINUTE + 2
    for number in range(1000):
        clock.now += 1
        await quota.take(replace(wanted, **windows_of(f"there {number % 3}"))).settle(2)
    assert len(quota) <= 10


def windows_of(key: str) -> dict[str, tuple[Window, ...]]:
    return {"requests": (Window(key, 100, ""),), "units": (Window(key, 1000, ""),)}
