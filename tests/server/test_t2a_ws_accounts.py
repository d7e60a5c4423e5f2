"""What is written down of T2A over a WebSocket: each text is a call of its own."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from anyio import wait_all_tasks_blocked

from rhapsode.core.caller import Caller
from rhapsode.core.errors import RequestsLimited, UnknownKey
from rhapsode.core.limiter import Permit, Unit
from rhapsode.core.usage import CallRecord, Outcome, Usage
from rhapsode.service.admission import Admission
from rhapsode.voices.catalogue import load_voices
from tests.server.kept import Kept
from tests.server.open_door import OpenDoor
from tests.server.test_boundary import CALLER, Keys
from tests.server.test_t2a_ws import FINISH, LONG, Watched, connected, say, start, status


@pytest.fixture
def engine() -> Watched:
    return Watched(load_voices())


class Narrow(Keys):
    """Lets the one key in, for models of no use here."""

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None) -> Caller:
        caller = await super().authorise(api_key, group_id, address)
        return replace(caller, models=frozenset({"abab6.5s-chat"}))


class Counts(OpenDoor):
    """Lets so many calls in."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.seen: list[tuple[str, Unit, int]] = []

    async def admit(
        self, caller: Caller, /, *, model: str, unit: Unit, amount: int, counted_for: Sequence[str] | None = None
    ) -> Permit:
        del counted_for
        if len(self.seen) == self.calls:
            raise RequestsLimited("no", retry_after=1)
        self.seen.append((model, unit, amount))
        return await super().admit(caller, model=model, unit=unit, amount=amount)


async def rows(kept: Kept) -> list[CallRecord]:
    await wait_all_tasks_blocked()  # what nobody waits for is written
    return list(kept.rows.values())


async def test_each_text_has_a_row_before_its_last_frame(engine: Watched) -> None:
    kept, door = Kept(), Counts(2)
    async with connected(engine, kept=kept, limiter=door) as (client, _):
        await start(client)
        client.say(say("one"), say("你好"))
        finals = 0
        while finals < 2:
            finals += (await client.hear())["is_final"]
            assert len(kept.rows) >= finals
        client.say(FINISH)
        await client.hear_until("task_finished")
    first, second = await rows(kept)
    assert second.call_id == f"{first.call_id}-2"
    assert len(first.call_id) == 32
    assert {(row.operation, row.model, row.voice, row.key_id) for row in (first, second)} == {
        ("/ws/v1/t2a_v2", "speech-01", "female-yujie", CALLER.key_id)
    }
    assert [(row.usage.characters, row.cost, row.outcome) for row in (first, second)] == [
        (3, 300, Outcome.OK),
        (4, 400, Outcome.OK),
    ]
    assert first.usage.audio_ms > 100
    assert door.seen == [("speech-01", Unit.CHARACTERS, 3), ("speech-01", Unit.CHARACTERS, 4)]
    assert [(record.call_id, method, code) for record, method, code in kept.watched] == [
        (first.call_id, "GET", 101),
        (second.call_id, "GET", 101),
    ]


async def test_what_was_spoken_to_a_listener_who_leaves_is_written_down(engine: Watched) -> None:
    kept = Kept()
    async with connected(engine, kept=kept) as (client, serving):
        await start(client)
        client.say(say(LONG))
        assert (await client.hear())["event"] == "task_continued"
        client.leave()
        await serving
    (row,) = await rows(kept)
    assert (row.outcome, row.status) == (Outcome.LEFT, 0)
    assert 0 < row.usage.characters < 2 * len(LONG)
    assert row.usage.audio_ms > 0
    assert row.first_ms is not None


async def test_a_text_that_fails_is_written_down_and_costs_nothing(engine: Watched) -> None:
    kept = Kept()
    async with connected(engine, kept=kept) as (client, _):
        await start(client)
        client.say(say("end"))
        assert status(await client.hear()) == ("task_failed", 1013)
    (row,) = await rows(kept)
    assert (row.outcome, row.status, row.cost, row.usage) == (Outcome.FAILED, 1013, 0, Usage())


async def test_a_text_that_is_broken_off_as_the_server_ends_is_written_down(engine: Watched) -> None:
    kept, admission = Kept(), Admission()
    engine.may.clear()
    async with connected(engine, kept=kept, admission=admission) as (client, _):
        await start(client)
        client.say(say("one"))
        await engine.asked.wait()
        admission.drain()
        admission.abandon()
        assert status(await client.hear()) == ("task_failed", 1001)
    (row,) = await rows(kept)
    assert (row.outcome, row.status) == (Outcome.FAILED, 1001)


async def test_a_limit_that_is_reached_ends_the_task(engine: Watched) -> None:
    kept = Kept()
    async with connected(engine, kept=kept, limiter=Counts(1)) as (client, _):
        await start(client)
        client.say(say("one"), say("two"))
        frames = await client.hear_until("task_failed")
    assert status(frames[-1]) == ("task_failed", 1002)
    assert len(await rows(kept)) == 1
    assert [(record.outcome, record.status) for record, _, _ in kept.watched] == [
        (Outcome.OK, 0),
        (Outcome.FAILED, 1002),
    ]


async def test_a_key_that_is_not_for_the_model_hears_so_at_the_start(engine: Watched) -> None:
    kept = Kept()
    async with connected(engine, kept=kept, keys=Narrow()) as (client, _):
        client.say({"event": "task_start", "model": "speech-01", "voice_setting": {"voice_id": "female-yujie"}})
        assert status(await client.hear()) == ("task_failed", 2044)
    assert await rows(kept) == []
    assert [(record.status, record.group_id) for record, _, _ in kept.watched] == [(2044, CALLER.group_id)]


async def test_a_connection_without_a_text_is_watched(engine: Watched) -> None:
    kept = Kept()
    async with connected(engine, kept=kept) as (client, _):
        await start(client)
        client.say(FINISH)
        await client.hear_until("task_finished")
    async with connected(engine, kept=kept):
        pass
    assert [(record.outcome, record.key_id, status) for record, _, status in kept.watched] == [
        (Outcome.OK, CALLER.key_id, 101),
        (Outcome.LEFT, CALLER.key_id, 101),
    ]
    assert kept.rows == {}


async def test_who_was_never_let_in_is_watched(engine: Watched) -> None:
    kept = Kept()
    with pytest.raises(AssertionError, match="task_failed"):
        async with connected(engine, kept=kept, keys=Keys(UnknownKey("no"))):
            raise AssertionError("connected")
    assert [(record.status, record.group_id) for record, _, _ in kept.watched] == [(2049, "")]
