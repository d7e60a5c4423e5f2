"""Limits of many processes without Redis: counted in one place, exactly, and let go of with whoever held them."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

import pytest

from rhapsode.accounts.quota.ask import Ask, Window
from rhapsode.core.errors import LimitError, ParallelLimited, RequestsLimited, StorageError, UnitsLimited
from rhapsode.core.limiter import Permit, Unit
from rhapsode.link.client import Link
from rhapsode.link.host import hosting
from rhapsode.server.fleet.quota import Counting, ParentQuota


def ask(*, requests: int = 10**6, units: int = 10**6, parallel: int = 10**6, amount: int = 1) -> Ask:
    def window(limit: int) -> tuple[Window, ...]:
        return (Window("group:g", limit, "this group"),)

    return Ask(window(requests), window(units), window(parallel), Unit.TOKENS, amount)


class Servers:
    """Two processes' sides, as far as the parent can tell."""

    def __init__(self, path: str) -> None:
        self.links = [Link(path, lost=StorageError("gone"), patience=0.05) for _ in range(2)]
        self.quotas = [ParentQuota(link) for link in self.links]

    async def take(self, wanted: Ask, times: int) -> tuple[list[Permit], list[LimitError]]:
        """So often from both at once: what was let in, and what was refused."""
        takes = (quota.take(wanted) for _ in range(times) for quota in self.quotas)
        outcomes = await asyncio.gather(*takes, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, LimitError)]
        let_in = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        assert len(refused) + len(let_in) == 2 * times
        return list(let_in), refused


@pytest.fixture
async def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Servers]:
    monkeypatch.chdir(tmp_path)
    async with hosting("quota", Counting().open_answer):
        servers = Servers("quota")
        yield servers
        for link in servers.links:
            link.close()


async def test_two_processes_let_through_what_one_would(servers: Servers) -> None:
    let_in, refused = await servers.take(ask(requests=100), 100)
    assert len(let_in) == 100
    assert all(isinstance(error, RequestsLimited) and error.retry_after for error in refused)


async def test_never_more_at_once_than_may_be_and_a_place_is_free_when_it_is_settled(servers: Servers) -> None:
    let_in, refused = await servers.take(ask(parallel=7), 50)
    assert len(let_in) == 7
    assert all(isinstance(error, ParallelLimited) for error in refused)
    for permit in let_in:
        await permit.settle(1)
    assert len((await servers.take(ask(parallel=7), 50))[0]) == 7


async def test_what_a_call_took_beyond_what_was_known_is_charged(servers: Servers) -> None:
    (first, *_), _ = await servers.take(ask(units=100), 1)
    await first.settle(500)
    _, refused = await servers.take(ask(units=100), 1)
    assert [type(error) for error in refused] == [UnitsLimited, UnitsLimited]


async def test_a_process_that_dies_lets_go_of_its_places(servers: Servers) -> None:
    one, other = servers.quotas
    held = [await one.take(ask(parallel=7)) for _ in range(7)]
    with pytest.raises(ParallelLimited):
        await other.take(ask(parallel=7))
    servers.links[0].close()
    for _ in range(1000):
        with suppress(ParallelLimited):
            await (await other.take(ask(parallel=7))).settle(0)
            break
    else:
        raise AssertionError("the places were never free")
    for permit in held:
        await permit.settle(0)  # that it comes too late is no error


async def test_who_is_cancelled_holds_nothing(servers: Servers) -> None:
    quota = servers.quotas[0]
    for _ in range(20):
        taking = asyncio.create_task(quota.take(ask(parallel=1)))
        await asyncio.sleep(0)  # one turn of the loop: it has asked
        taking.cancel()
        with suppress(asyncio.CancelledError):
            await (await taking).settle(0)
    await (await quota.take(ask(parallel=1))).settle(0)


async def test_a_parent_that_has_gone_is_no_fault_of_the_callers(servers: Servers) -> None:
    gone = ParentQuota(Link("nowhere", lost=StorageError("gone"), patience=0.01))
    with pytest.raises(ConnectionError):
        await gone.take(ask())
    with pytest.raises(ConnectionError):
        await gone.ping()
    await servers.quotas[0].ping()


async def test_a_parent_that_stands_still_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as still:
        still.bind("still")
        still.listen()  # it is there, and never says a word
        link = Link("still", lost=StorageError("gone"), goodbye=0.01)
        quota = ParentQuota(link)
        with pytest.raises(TimeoutError):
            await quota.take(ask())
        with pytest.raises(TimeoutError):
            await quota.ping()
        link.close()
