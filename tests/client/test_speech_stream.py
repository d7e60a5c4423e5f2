"""Speech that is heard while it is made, from this project's server and from others."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rhapsode import AuthenticationFailed, BadRequest, ReplyCut, ServerFailed, Speech, UnreadableReply
from rhapsode.client._calls import speech_request, stream_speech_call
from rhapsode.client._sound_pieces import SoundReader
from rhapsode.client._transport import Answer
from rhapsode.core.errors import EngineError
from rhapsode.core.speech import SpeechEnd, TextCount
from rhapsode.dialects.minimax import t2a_v2_reply
from rhapsode.dialects.minimax.t2a_v2 import T2aV2Call
from tests.client.player import TRACE, Player, play, reset, silence, stream
from tests.client.speakers import OpenClient

END = SpeechEnd(milliseconds=500, size=9, subtitles=(), count=TextCount(characters=4, words=2, invisible=0.0))


def writer(*, aggregated: bool = False) -> t2a_v2_reply.StreamWriter:
    return t2a_v2_reply.StreamWriter(T2aV2Call(request=speech_request("你好"), aggregated=aggregated), TRACE)


def events(*pieces: bytes, aggregated: bool = False) -> list[bytes]:
    """The frames of streamed speech, as this project's server writes them."""
    told = writer(aggregated=aggregated)
    return [*map(told.write_audio, pieces), b"".join(told.write_end(END))]


@pytest.mark.parametrize("aggregated", [False, True])
def test_pieces_come_as_they_are_made_and_the_file_at_the_end(open_client: OpenClient, *, aggregated: bool) -> None:
    with Player(stream(*events(b"\xff\xf3one", b"two", aggregated=aggregated))) as server:
        client = open_client(base_url=server.url, group_id="12", api_key="sk-1")
        with client.stream_speak("你好", voice={"male-qn-qingse": 1, "female-shaonv": 3}, emotion="happy") as heard:
            assert next(heard) == b"\xff\xf3one"
            assert heard.audio == b"\xff\xf3one"
            with pytest.raises(RuntimeError, match="not been read to its end"):
                _ = heard.speech
            assert list(heard) == [b"two"]
    assert heard.speech == Speech(audio=b"\xff\xf3onetwo", content_type="audio/mpeg", trace_id=TRACE)
    (asked,) = server.asked
    assert asked.target == "/v1/t2a_v2?GroupId=12"
    assert asked.json["stream"] is True
    assert asked.json["stream_options"] == {"exclude_aggregated_audio": True}
    assert asked.json["text"] == "你好"


def test_leaving_early_hangs_up(open_client: OpenClient) -> None:
    with Player(stream(*events(b"one", b"two")[:1], then=silence)) as server:
        with open_client(base_url=server.url).stream_speak("你好") as heard:
            assert next(heard) == b"one"
        assert server.hung_up.wait(10)
    assert (heard.audio, heard.broken) == (b"one", False)


def test_sound_that_comes_in_the_last_event_alone_is_heard(open_client: OpenClient) -> None:
    last = {"data": {"audio": b"all".hex(), "status": 2}, "extra_info": {"audio_format": "flac"}}
    frame = b"data:" + json.dumps({**last, "base_resp": {"status_code": 0}}).encode() + b"\r\n\r\n"
    with Player(stream(frame)) as server, open_client(base_url=server.url).stream_speak("你好") as heard:
        assert list(heard) == [b"all"]
    assert heard.speech == Speech(audio=b"all", content_type="audio/flac", trace_id=TRACE)


def test_a_server_that_does_not_stream_is_heard_in_one_piece(open_client: OpenClient) -> None:
    body = b"".join(t2a_v2_reply.write_reply(T2aV2Call(request=speech_request("你好")), [b"all"], END, trace_id=TRACE))
    with Player(play(body)) as server, open_client(base_url=server.url).stream_speak("你好") as heard:
        assert list(heard) == [b"all"]
    assert heard.speech.trace_id == TRACE


def test_an_error_instead_of_a_stream(open_client: OpenClient) -> None:
    frame = b'data: {"data":null,"trace_id":"t","base_resp":{"status_code":1004,"status_msg":"no"}}\n\n'
    with Player(stream(frame)) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(AuthenticationFailed) as caught, client.stream_speak("你好"):
            pytest.fail("there is nothing to hear")
    assert (caught.value.code, caught.value.trace_id) == (1004, "t")


def test_what_cannot_be_asked_for_is_not_sent(open_client: OpenClient) -> None:
    with Player() as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest, match="voice"), client.stream_speak("你好", voice={}):
            pytest.fail("there is nothing to hear")
    assert not server.asked


def test_an_error_in_the_middle_comes_after_what_was_heard_before_it(open_client: OpenClient) -> None:
    error = t2a_v2_reply.write_streamed_error(EngineError("the engine stopped"), trace_id=TRACE)
    with Player(stream(writer().write_audio(b"one"), error), play(b"")) as server:
        with open_client(base_url=server.url).stream_speak("你好") as heard:
            assert next(heard) == b"one"
            with pytest.raises(ServerFailed, match="the engine stopped"):
                next(heard)
        assert len(server.asked) == 1
    assert heard.broken


def test_a_stream_without_its_last_event_is_no_file(open_client: OpenClient) -> None:
    with (
        Player(stream(*events(b"one", b"two")[:2])) as server,
        open_client(base_url=server.url).stream_speak("你好") as heard,
        pytest.raises(ReplyCut, match="without its last event"),
    ):
        list(heard)


def test_a_reset_in_the_middle_of_a_stream(open_client: OpenClient) -> None:
    with (
        Player(stream(events(b"one")[0], then=reset)) as server,
        open_client(base_url=server.url).stream_speak("你好") as heard,
        pytest.raises(ReplyCut),
    ):
        list(heard)


@pytest.mark.parametrize(
    "garbage",
    [b"data: {]\n\n", b'data: {"data":{"audio":"zz"}}\n\n', b'data: {"data":{"audio":"","status":2}}\n\n', b"{"],
)
def test_garbage_is_no_stream(open_client: OpenClient, garbage: bytes) -> None:
    with Player(stream(garbage)) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(UnreadableReply), client.stream_speak("你好"):
            pytest.fail("there is nothing to hear")


@given(st.lists(st.binary(min_size=1), min_size=1), st.booleans(), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_wherever_the_network_cuts_the_pieces_are_the_same(
    sounds: list[bytes],
    aggregated: bool,  # noqa: FBT001  hypothesis gives it by its place
    data: st.DataObject,
) -> None:
    sent = b"".join(events(*sounds, aggregated=aggregated))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=9)))
    head = Answer(status=200, content_type="text/event-stream", trace_id=None, retry_after=None, body=b"")
    reader = SoundReader(head, stream_speech_call(speech_request("你好")), "mp3")
    pieces: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        reader.feed(sent[start:end])
        while not reader.needs_bytes and (piece := reader.next_piece()) is not None:
            pieces.append(piece)
    assert pieces == sounds
    assert reader.whole is not None
    assert reader.whole.audio == b"".join(sounds)
