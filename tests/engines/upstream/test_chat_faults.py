"""A server that answers wrongly, late, in part or not at all: what becomes of the reply, for each kind of upstream."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace

import pytest

from rhapsode.core.chat import ChatEvent, ChatText, Finish, collect
from rhapsode.core.errors import EngineError, NotSupported, Overloaded, RhapsodeError
from tests.client.player import Answer, Connection, Player, play, raw, reset, silence, stream
from tests.engines.chat.requests import chat
from tests.engines.upstream.playing import TONGUES, Tongue, upstream_at

HTML = play(b"<html><title>SECRET</title></html>", kind="text/html")
GARBAGE = b"data: {]SECRET\n\n"


@pytest.fixture(params=TONGUES, ids=lambda tongue: tongue.kind)
def tongue(request: pytest.FixtureRequest) -> Tongue:
    assert isinstance(request.param, Tongue)
    return request.param


async def outcome(tongue: Tongue, *answers: Answer, **options: object) -> tuple[str | RhapsodeError, int]:
    """The reply's text or its error, and how often the server was asked."""
    with Player(*answers) as player:
        async with upstream_at(player.url, tongue.kind, **options) as engine:
            try:
                reply: str | RhapsodeError = (await collect(engine.reply(chat("PROMPT-SECRET")))).text
            except RhapsodeError as error:
                reply = error
        return reply, len(player.asked)


def good(tongue: Tongue) -> Answer:
    return stream(*tongue.frames("Glas", "sy."))


async def test_a_reply_comes_through(tongue: Tongue) -> None:
    assert await outcome(tongue, good(tongue)) == ("Glassy.", 1)


async def test_the_request_goes_to_the_right_place_with_the_key(
    tongue: Tongue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIG_API_KEY", "sk-big")
    with Player(good(tongue)) as player:
        async with upstream_at(f"{player.url}/v1", tongue.kind, api_key_env="BIG_API_KEY", model="big") as engine:
            await collect(engine.reply(chat("hi")))
        (asked,) = player.asked
        assert asked.target == tongue.path
        assert asked.headers["authorization"] == "Bearer sk-big"
        assert asked.json["model"] == "big"
        assert asked.json["stream"] is True


async def test_connections_are_kept(tongue: Tongue) -> None:
    kept = play(b"".join(tongue.frames("Glassy.")), kind="text/event-stream")
    with Player(kept, kept, kept) as player:
        ports: set[object] = set()
        async with upstream_at(player.url, tongue.kind) as engine:
            for _ in range(3):
                await collect(engine.reply(chat("hi")))
                ports |= {connection.getpeername() for connection in player.connections}
        assert len(ports) == 1


@pytest.mark.parametrize("leave", [reset, raw(b"")], ids=["reset", "hang-up"])
async def test_a_kept_connection_that_was_closed_meanwhile_costs_no_attempt(tongue: Tongue, leave: Answer) -> None:
    kept = play(b"".join(tongue.frames("Glassy.")), kind="text/event-stream")
    with Player(kept, leave, kept) as player:
        async with upstream_at(player.url, tongue.kind, breaker_failures=1, breaker_seconds=60) as engine:
            for _ in range(2):
                assert (await collect(engine.reply(chat("hi")))).text == "Glassy."
        assert len(player.asked) == 3


@pytest.mark.parametrize(
    "failure",
    [
        reset,
        raw(b""),
        play(b"{}", status=500),
        play(b"", kind="text/html", status=502),
        play(b"busy", kind="text/plain", status=503, Retry_After="0"),
        stream(),
        stream(then=reset),
        stream(b": a comment\n\n", then=reset),
    ],
    ids=["reset", "hang-up", "500", "502", "503", "no event", "reset before an event", "comment"],
)
async def test_what_passes_before_the_first_piece_is_tried_again(tongue: Tongue, failure: Answer) -> None:
    assert await outcome(tongue, failure, good(tongue), retries=1) == ("Glassy.", 2)
    error, asked = await outcome(tongue, failure, failure, retries=1)
    assert isinstance(error, EngineError)
    assert asked == 2


async def test_a_refused_connection_is_an_error_and_names_no_address(tongue: Tongue) -> None:
    with Player() as player:
        url = player.url
    async with upstream_at(url, tongue.kind, retries=1) as engine:
        with pytest.raises(EngineError, match="cannot be reached") as caught:
            await collect(engine.reply(chat("hi")))
    assert "127.0.0.1" not in caught.value.message


@pytest.mark.parametrize(
    "failure",
    [
        HTML,
        play(b"SECRET", kind="text/html", status=404),
        play(b"", status=302, Location="http://SECRET/"),
        raw(b"SECRET this is no HTTP\r\n\r\n"),
        stream(GARBAGE),
        stream(b"data: []\n\n"),
        stream(b"data: " + b"9" * 100_000 + b"\n\n"),
        play(b"{SECRET", kind="application/json"),
        play(b"[1]", kind="application/json"),
    ],
    ids=["page", "404", "redirect", "no HTTP", "garbage", "a list", "a number", "no JSON", "other JSON"],
)
async def test_what_is_no_reply_is_an_error_that_quotes_nothing(tongue: Tongue, failure: Answer) -> None:
    error, asked = await outcome(tongue, failure, good(tongue), retries=2)
    assert isinstance(error, EngineError)
    assert "SECRET" not in error.message
    assert "SECRET" not in repr(error.__cause__)
    assert asked == 1


async def test_too_many_calls_are_tried_again_and_then_overloaded(tongue: Tongue) -> None:
    assert await outcome(tongue, tongue.busy, good(tongue), retries=1) == ("Glassy.", 2)
    error, asked = await outcome(tongue, tongue.busy, tongue.busy, retries=1)
    assert isinstance(error, Overloaded)
    assert "SECRET" not in error.message
    assert asked == 2


async def test_a_server_that_asks_for_a_minute_is_not_waited_for(tongue: Tongue) -> None:
    error, asked = await outcome(tongue, play(b"{}", status=429, Retry_After="60"), retries=5)
    assert isinstance(error, Overloaded)
    assert asked == 1


async def test_a_wrong_key_is_the_operators_and_not_the_callers(tongue: Tongue) -> None:
    for refusal in (tongue.wrong_key, play(b'{"error":{}}', status=401), play(b"", status=403)):
        error, _ = await outcome(tongue, refusal)
        assert isinstance(error, EngineError)
        assert "configured" in error.message
        assert "SECRET" not in error.message


async def test_a_request_that_is_refused_is_left_to_the_next_engine(tongue: Tongue) -> None:
    for refusal in (tongue.wrong_request, play(b'{"error":{"message":"SECRET"}}', status=400)):
        error, asked = await outcome(tongue, refusal, retries=3)
        assert isinstance(error, NotSupported)
        assert "SECRET" not in error.message
        assert asked == 1


async def test_half_a_stream_is_an_error_and_not_begun_again(tongue: Tongue) -> None:
    first = tongue.frames("Glas", "sy.")[:1]
    for half in (stream(*first, then=reset), stream(*first)):
        with Player(half, good(tongue)) as player:
            async with upstream_at(player.url, tongue.kind, retries=3) as engine:
                heard: list[ChatEvent] = []
                with pytest.raises(EngineError):
                    await read_into(heard, engine.reply(chat("hi")))
            assert "".join(event.text for event in heard if isinstance(event, ChatText)) == "Glas"
            assert len(player.asked) == 1


async def test_garbage_after_a_good_beginning_is_an_error(tongue: Tongue) -> None:
    error, asked = await outcome(tongue, stream(*tongue.frames("Glas", "sy.")[:1], GARBAGE), retries=3)
    assert isinstance(error, EngineError)
    assert "SECRET" not in error.message
    assert asked == 1


async def test_a_blank_reply_is_asked_for_once_more(tongue: Tongue) -> None:
    blank = stream(*tongue.frames(" \n"))
    assert await outcome(tongue, blank, good(tongue), retries=2) == ("Glassy.", 2)
    error, asked = await outcome(tongue, blank, blank, good(tongue), retries=2)
    assert isinstance(error, EngineError)
    assert asked == 2


async def test_a_reply_that_begins_with_a_stop_string_is_empty_and_not_blank(tongue: Tongue) -> None:
    with Player(stream(*tongue.frames(" EN", "D and more"))) as player:
        async with upstream_at(player.url, tongue.kind, retries=2) as engine:
            reply = await collect(engine.reply(replace(chat("hi"), stops=("END",))))
        assert (reply.text, reply.end.finish, len(player.asked)) == ("", Finish.STOP, 1)


async def test_white_space_at_the_ends_is_dropped(tongue: Tongue) -> None:
    assert (await outcome(tongue, stream(*tongue.frames(" \n", " Glas", "sy. ", "\n"))))[0] == "Glassy."


async def test_a_server_that_never_answers_is_left(tongue: Tongue) -> None:
    error, asked = await outcome(tongue, silence, good(tongue), retries=2, first_token_timeout=0.2)
    assert isinstance(error, EngineError)
    assert asked == 1


async def test_a_server_that_falls_silent_is_left(tongue: Tongue) -> None:
    answer = stream(*tongue.frames("Glas", "sy.")[:1], then=silence)
    error, _ = await outcome(tongue, answer, idle_timeout=0.2)
    assert isinstance(error, EngineError)
    assert "silent" in error.message


async def test_a_reply_that_goes_on_and_on_is_left(tongue: Tongue) -> None:
    def drip(connection: Connection) -> None:
        stream(*tongue.frames("Glas", "sy.")[:1])(connection)
        while not connection.player.over.wait(0.02):
            try:
                connection.wfile.write(tongue.frames("Glas", "sy.")[0])
            except OSError:
                return

    error, _ = await outcome(tongue, drip, total_timeout=0.3)
    assert isinstance(error, EngineError)
    assert "too long" in error.message


async def test_a_server_that_drips_is_left_in_the_end(tongue: Tongue) -> None:
    def drip(connection: Connection) -> None:
        stream()(connection)
        while not connection.player.over.wait(0.02):
            try:
                connection.wfile.write(b": still here\n\n")
            except OSError:
                return

    error, _ = await outcome(tongue, drip, first_token_timeout=0.3)
    assert isinstance(error, EngineError)
    error, _ = await outcome(tongue, drip, total_timeout=0.3)
    assert isinstance(error, EngineError)


async def test_who_hangs_up_here_hangs_up_there(tongue: Tongue) -> None:
    with Player(stream(*tongue.frames("Glas", "sy.")[:1], then=silence)) as player:
        async with upstream_at(player.url, tongue.kind) as engine:
            async with aclosing(engine.reply(chat("hi"))) as events:
                await anext(events)
                assert not player.hung_up.is_set()
            assert await asyncio.to_thread(player.hung_up.wait, 5)


async def test_who_leaves_before_the_first_piece_hangs_up_too(tongue: Tongue) -> None:
    asked = threading.Event()

    def hear(connection: Connection) -> None:
        asked.set()
        silence(connection)

    with Player(hear) as player:
        async with upstream_at(player.url, tongue.kind) as engine:
            waiting = asyncio.create_task(collect(engine.reply(chat("hi"))))
            assert await asyncio.to_thread(asked.wait, 5)
            waiting.cancel()
            assert await asyncio.to_thread(player.hung_up.wait, 5)


async def test_after_failures_in_a_row_nobody_is_asked_any_more(tongue: Tongue) -> None:
    with Player(*[play(b"{}", status=500)] * 3, good(tongue)) as player:
        async with upstream_at(player.url, tongue.kind, breaker_failures=3, breaker_seconds=60) as engine:
            for _ in range(6):
                with pytest.raises(EngineError):
                    await collect(engine.reply(chat("hi")))
            assert len(player.asked) == 3


async def test_an_open_breaker_ends_the_retries_too(tongue: Tongue) -> None:
    failures = [play(b"{}", status=500)] * 9
    assert (await outcome(tongue, *failures, retries=5, breaker_failures=2, breaker_seconds=60))[1] == 2


async def test_the_breaker_probes_and_closes(tongue: Tongue) -> None:
    with Player(*[play(b"{}", status=500)] * 2, good(tongue), good(tongue)) as player:
        async with upstream_at(player.url, tongue.kind, breaker_failures=2, breaker_seconds=0.2) as engine:
            for _ in range(2):
                with pytest.raises(EngineError):
                    await collect(engine.reply(chat("hi")))
            replies: list[str] = []
            while len(replies) < 2:
                await asyncio.sleep(0)
                with suppress(EngineError):  # until the probe is let through
                    replies.append((await collect(engine.reply(chat("hi")))).text)
        assert replies == ["Glassy."] * 2
        assert len(player.asked) == 4


async def test_more_calls_than_places_wait_and_more_than_that_are_refused(tongue: Tongue) -> None:
    first = tongue.frames("Glas", "sy.")[:1]
    with Player(stream(*first, then=silence), good(tongue)) as player:
        async with upstream_at(player.url, tongue.kind, parallel=1, queue=1) as engine:
            async with aclosing(engine.reply(chat("hi"))) as events:
                await anext(events)
                waiting = asyncio.create_task(collect(engine.reply(chat("hi"))))
                await asyncio.sleep(0)
                with pytest.raises(Overloaded):
                    await collect(engine.reply(chat("hi")))
                assert len(player.asked) == 1
            assert (await waiting).text == "Glassy."


async def test_a_closed_engine_says_so(tongue: Tongue) -> None:
    with Player(stream(*tongue.frames("Glas", "sy.")[:1], then=silence)) as player:
        async with upstream_at(player.url, tongue.kind) as engine, aclosing(engine.reply(chat("hi"))) as events:
            await anext(events)
            await engine.close()
            with pytest.raises(EngineError):
                await anext(events)
            with pytest.raises(EngineError):
                await anext(engine.reply(chat("hi")))


async def read_into(heard: list[ChatEvent], events: AsyncIterator[ChatEvent]) -> None:
    async for event in events:
        heard += (event,)
