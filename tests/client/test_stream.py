import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rhapsode import (
    AuthenticationFailed,
    BadRequest,
    Bot,
    ReplyCut,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    Usage,
)
from rhapsode.client._calls import chat_call, chat_request
from rhapsode.client._reply_pieces import ReplyReader
from rhapsode.client._transport import Answer
from rhapsode.core.chat import ChatText
from rhapsode.core.errors import EngineError
from tests.client.player import TRACE, Player, events, play, raw, reply, reset, silence, status, stream, writer
from tests.client.speakers import OpenClient

HELPER = Bot(name="Helper", description="Helper answers briefly.")


def test_pieces_come_as_they_are_made_and_the_reply_at_the_end(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy."))) as server:
        client = open_client(base_url=server.url, api_key="sk-1")
        with client.stream_chat("A calm sea?", bots=HELPER) as heard:
            assert next(heard) == "Gla"
            assert heard.text == "Gla"
            with pytest.raises(RuntimeError, match="not been read to its end"):
                _ = heard.reply
            assert list(heard) == ["ssy."]
    assert (heard.reply.text, heard.reply.finish_reason, heard.reply.trace_id) == ("Glassy.", "stop", TRACE)
    assert heard.reply.usage == Usage(total_tokens=41, prompt_tokens=39, reply_tokens=2)
    assert server.asked[0].json["stream"] is True


def test_the_stream_ends_with_its_last_event_though_the_server_keeps_the_line(open_client: OpenClient) -> None:
    with Player(stream(*events("Glassy."), then=silence)) as server:
        with open_client(base_url=server.url).stream_chat("?", bots=HELPER) as heard:
            assert "".join(heard) == heard.reply.text == "Glassy."
        assert server.hung_up.wait(10)


def test_leaving_early_hangs_up(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy.")[:1], then=silence)) as server:
        with open_client(base_url=server.url).stream_chat("?", bots=HELPER) as heard:
            assert next(heard) == "Gla"
        assert server.hung_up.wait(10)
    assert (heard.text, heard.broken) == ("Gla", False)


def test_a_stream_of_the_cloud_is_read(open_client: OpenClient) -> None:
    """Field order, no blank after `data:`, and no token figures but the total."""
    message = {"sender_type": "BOT", "sender_name": "Helper", "text": "Gla"}
    first = {"created": 1, "model": "abab5.5-chat", "reply": "", "choices": [{"messages": [message]}]}
    message = {**message, "text": "Glassy."}
    last = {**first, "reply": "Glassy.", "choices": [{"finish_reason": "stop", "messages": [message]}]}
    last |= {"usage": {"total_tokens": 41}, "id": TRACE, "base_resp": {"status_code": 0, "status_msg": ""}}
    frames = [b"data:" + json.dumps(each).encode() + b"\r\n\r\n" for each in (first, last)]
    with (
        Player(stream(*frames)) as server,
        open_client(base_url=server.url).stream_chat("?", bots=HELPER) as heard,
    ):
        # The last event holds more than was heard before it: the rest is heard too.
        assert list(heard) == ["Gla", "ssy."]
    assert heard.reply.usage == Usage(total_tokens=41)


def test_a_server_that_does_not_stream_is_heard_in_one_piece(open_client: OpenClient) -> None:
    with (
        Player(reply("Glassy.")) as server,
        open_client(base_url=server.url).stream_chat("?", bots=HELPER) as heard,
    ):
        assert list(heard) == ["Glassy."]
    assert heard.reply.trace_id == TRACE


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_an_error_instead_of_a_stream(open_client: OpenClient, kind: str) -> None:
    body = json.dumps({"base_resp": {"status_code": 1004, "status_msg": "token not match group"}}).encode()
    with Player(play(body, kind, Trace_Id=TRACE)) as server:
        client = open_client(base_url=server.url)
        with (
            pytest.raises(AuthenticationFailed, match="token not match group") as caught,
            client.stream_chat("?", bots=HELPER),
        ):
            pytest.fail("there is nothing to hear")
    assert (caught.value.code, caught.value.trace_id) == (1004, TRACE)


def test_an_error_as_the_only_event(open_client: OpenClient) -> None:
    frame = b'data: {"base_resp":{"status_code":2013,"status_msg":"invalid params"}}\n\n'
    with Player(stream(frame)) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest) as caught, client.stream_chat("?", bots=HELPER):
            pytest.fail("there is nothing to hear")
    assert (caught.value.code, caught.value.trace_id) == (2013, TRACE)


def test_an_http_error_instead_of_a_stream(open_client: OpenClient) -> None:
    with Player(status(2013, "the body is larger than 8388608 bytes", http_status=413)) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest) as caught, client.stream_chat("?", bots=HELPER):
            pytest.fail("there is nothing to hear")
    assert (caught.value.code, caught.value.http_status, caught.value.trace_id) == (2013, 413, TRACE)


def test_an_error_in_the_middle_comes_after_what_was_said_before_it(open_client: OpenClient) -> None:
    told = writer()
    frames = told.write_event(ChatText(text="Gla")) + told.write_error(EngineError("the engine stopped"))
    with Player(stream(frames), reply()) as server:
        client = open_client(base_url=server.url)
        with client.stream_chat("?", bots=HELPER) as heard:
            assert next(heard) == "Gla"
            with pytest.raises(ServerFailed, match="the engine stopped") as caught:
                next(heard)
        assert len(server.asked) == 1
    assert (caught.value.code, caught.value.trace_id) == (1013, TRACE)
    assert heard.broken


def test_a_stream_without_its_last_event_is_no_reply(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy.")[:2]), reply()) as server:
        client = open_client(base_url=server.url)
        with client.stream_chat("?", bots=HELPER) as heard:
            assert [next(heard), next(heard)] == ["Gla", "ssy."]
            with pytest.raises(ReplyCut, match="without its last event") as caught:
                next(heard)
        assert len(server.asked) == 1
    assert caught.value.trace_id == TRACE


def test_a_reset_in_the_middle_of_a_stream(open_client: OpenClient) -> None:
    with Player(stream(events("Gla", "ssy.")[0], then=reset), reply()) as server:
        client = open_client(base_url=server.url)
        with client.stream_chat("?", bots=HELPER) as heard, pytest.raises(ReplyCut):
            list(heard)
        assert len(server.asked) == 1


def test_silence_in_the_middle_of_a_stream(open_client: OpenClient) -> None:
    with Player(stream(events("Gla", "ssy.")[0], then=silence)) as server:
        client = open_client(base_url=server.url, timeout=0.2)
        with client.stream_chat("?", bots=HELPER) as heard:
            assert next(heard) == "Gla"
            with pytest.raises(TimedOut, match="fell silent"):
                next(heard)


@pytest.mark.parametrize("garbage", [b"data: {]\n\n", b"data: 17\n\n", b"data: \xff\n\n", b'{"reply": 17}', b"{"])
def test_garbage_is_no_stream(open_client: OpenClient, garbage: bytes) -> None:
    with Player(stream(garbage)) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(UnreadableReply), client.stream_chat("?", bots=HELPER):
            pytest.fail("there is nothing to hear")


def test_a_body_that_breaks_off_inside_a_chunk(open_client: OpenClient) -> None:
    with Player(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\ndata: {")) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(ReplyCut), client.stream_chat("?", bots=HELPER):
            pytest.fail("there is nothing to hear")


@given(st.lists(st.text(min_size=1)), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_wherever_the_network_cuts_the_pieces_are_the_same(texts: list[str], data: st.DataObject) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    sent = b"".join(events(*texts))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=9)))
    head = Answer(status=200, content_type="text/event-stream", trace_id=None, retry_after=None, body=b"")
    reader = ReplyReader(head, chat_call(chat_request("?", bots=HELPER), stream=True))
    pieces: list[str] = []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        reader.feed(sent[start:end])
        while not reader.needs_bytes and (piece := reader.next_piece()) is not None:
            pieces.append(piece)
    assert pieces == texts
    assert reader.whole is not None
    assert reader.whole.text == "".join(texts)
