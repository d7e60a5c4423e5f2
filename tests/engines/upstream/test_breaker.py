"""The breaker, by a clock of the test's own."""

from contextlib import suppress

import pytest

from rhapsode.core.errors import InvalidField
from rhapsode.engines.upstream.breaker import Breaker
from rhapsode.engines.upstream.faults import BlankReply, Busy, Unavailable


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("upstream", failures=3, seconds=10, clock=clock)


def fail(breaker: Breaker, error: Exception | None = None) -> None:
    with suppress(Unavailable, BlankReply, Busy, InvalidField), breaker.attempt():
        raise error or Unavailable("it is down")


def succeed(breaker: Breaker) -> None:
    with breaker.attempt():
        pass


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker)
    fail(breaker)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open
    with pytest.raises(Unavailable, match="3 times in a row"), breaker.attempt():
        raise AssertionError("went through")


def test_a_success_between_them_starts_the_count_anew(breaker: Breaker) -> None:
    for _ in range(5):
        fail(breaker)
        fail(breaker)
        succeed(breaker)
    assert not breaker.is_open


@pytest.mark.parametrize("error", [BlankReply("blank"), Busy("busy"), InvalidField("messages", "wrong")])
def test_what_is_not_the_servers_failure_does_not_count(breaker: Breaker, error: Exception) -> None:
    for _ in range(9):
        fail(breaker, error)
    assert not breaker.is_open


@pytest.mark.parametrize("error", [BlankReply("blank"), InvalidField("messages", "wrong")])
def test_an_answer_is_an_answer_whatever_it_says(breaker: Breaker, clock: Clock, error: Exception) -> None:
    for _ in range(3):
        fail(breaker)
        fail(breaker)
        fail(breaker, error)
    assert not breaker.is_open
    for _ in range(3):
        fail(breaker)
    clock.now = 10.0
    fail(breaker, error)
    assert not breaker.is_open


def test_a_probe_that_meets_a_busy_server_leaves_it_open(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now = 10.0
    fail(breaker, Busy("busy"))
    assert breaker.is_open


def test_after_a_while_one_call_goes_through_and_closes_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now = 9.9
    with pytest.raises(Unavailable), breaker.attempt():
        raise AssertionError("went through")
    clock.now = 10.0
    with breaker.attempt():
        with pytest.raises(Unavailable), breaker.attempt():
            raise AssertionError("a second one went through")
        assert breaker.is_open
    assert not breaker.is_open
    succeed(breaker)


def test_a_probe_that_fails_opens_it_for_another_while(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now = 10.0
    fail(breaker)
    clock.now = 19.9
    with pytest.raises(Unavailable), breaker.attempt():
        raise AssertionError("went through")
    clock.now = 20.0
    succeed(breaker)
    assert not breaker.is_open


def test_a_probe_whose_caller_left_lets_the_next_one_through(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now = 10.0
    with suppress(KeyboardInterrupt), breaker.attempt():
        raise KeyboardInterrupt
    succeed(breaker)
    assert not breaker.is_open


def test_a_late_failure_of_a_reply_that_had_begun_counts(breaker: Breaker) -> None:
    succeed(breaker)
    for _ in range(3):
        breaker.failed(Unavailable("it broke off"))
    assert breaker.is_open


def test_without_a_limit_it_never_opens(clock: Clock) -> None:
    breaker = Breaker("upstream", failures=0, seconds=10, clock=clock)
    for _ in range(50):
        fail(breaker)
    assert not breaker.is_open
