import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode import AuthenticationFailed, BadRequest, Bot, CallError, ConnectionFailed, RateLimited, ServerFailed
from rhapsode.client._retry import LONGEST_PAUSE, Retries
from tests.client.player import Answer, Player, events, play, reply, reset, status, stream
from tests.client.speakers import OpenClient

HELPER = Bot(name="Helper", description="Helper answers briefly.")
BUSY = play(b"busy", "text/plain", 429)

PASSING: list[Answer] = [
    BUSY,
    play(b"", "text/plain", 502),
    play(b"", "text/plain", 503),
    play(b"", "text/plain", 504),
    status(1001, "request timeout"),
    status(1001, "request timeout, the server is stopping", http_status=503),
    status(1002, "rate limit"),
    status(1039, "token limit"),
    status(1041, "conn limit"),
    reset,
]
LASTING: list[Answer] = [
    status(1000, "unknown error"),
    status(1004, "login fail"),
    status(1008, "insufficient balance"),
    status(1013, "internal service error"),
    status(1027, "output new_sensitive"),
    status(2013, "invalid params"),
    status(2013, "invalid params", http_status=503),
    status(2049, "invalid api key"),
    play(b"", "text/plain", 500),
    play(b"{", "application/json", 200),
]


@pytest.mark.parametrize("failure", PASSING)
def test_what_passes_by_itself_is_tried_again(open_client: OpenClient, failure: Answer) -> None:
    with Player(failure, failure, reply()) as server:
        assert open_client(base_url=server.url).chat("?", bots=HELPER).text == "Glassy."
        assert len(server.asked) == 3
        assert len({asked.body for asked in server.asked}) == 1


@pytest.mark.parametrize("failure", LASTING)
def test_what_lasts_is_not(open_client: OpenClient, failure: Answer) -> None:
    with Player(failure, reply()) as server:
        with pytest.raises(CallError):
            open_client(base_url=server.url).chat("?", bots=HELPER)
        assert len(server.asked) == 1


def test_the_last_failure_is_told_when_the_attempts_are_used_up(open_client: OpenClient) -> None:
    with Player(BUSY, BUSY, status(1002, "rate limit"), reply()) as server:
        with pytest.raises(RateLimited) as caught:
            open_client(base_url=server.url, max_retries=2).chat("?", bots=HELPER)
        assert caught.value.code == 1002
        assert len(server.asked) == 3


def test_no_attempt_beside_the_first_when_none_is_wanted(open_client: OpenClient) -> None:
    with Player(BUSY, reply()) as server:
        with pytest.raises(RateLimited):
            open_client(base_url=server.url, max_retries=0).chat("?", bots=HELPER)
        assert len(server.asked) == 1


def test_speech_and_streams_are_tried_again_too(open_client: OpenClient) -> None:
    with Player(reset, play(b"mp3", "audio/mpeg"), BUSY, stream(*events("Gla", "ssy."))) as server:
        client = open_client(base_url=server.url)
        assert client.speak("你好").audio == b"mp3"
        with client.stream_chat("?", bots=HELPER) as heard:
            assert list(heard) == ["Gla", "ssy."]
        assert len(server.asked) == 4


def test_a_stream_that_fails_before_its_first_piece_is_tried_again(open_client: OpenClient) -> None:
    busy = stream(b'data: {"base_resp":{"status_code":1002,"status_msg":"rate limit"}}\n\n')
    with Player(busy, stream(*events("Glassy."))) as server:
        with open_client(base_url=server.url).stream_chat("?", bots=HELPER) as heard:
            assert list(heard) == ["Glassy."]
        assert len(server.asked) == 2


def test_a_stream_that_has_spoken_is_never_begun_again(open_client: OpenClient) -> None:
    busy = b'data: {"base_resp":{"status_code":1002,"status_msg":"rate limit"}}\n\n'
    with Player(stream(events("Gla", "ssy.")[0], busy), stream(*events("Glassy."))) as server:
        client = open_client(base_url=server.url)
        with client.stream_chat("?", bots=HELPER) as heard, pytest.raises(RateLimited):
            list(heard)
        assert len(server.asked) == 1


def test_what_the_server_asks_for_is_waited(open_client: OpenClient) -> None:
    with Player(play(b"", "text/plain", 429, Retry_After="7")) as server, pytest.raises(RateLimited) as caught:
        open_client(base_url=server.url, max_retries=0).chat("?", bots=HELPER)
    assert caught.value.retry_after == 7
    assert Retries(most=1, first_pause=0.5).pause(caught.value, 1) == 7
    caught.value.retry_after = 86400
    assert Retries(most=1, first_pause=0.5).pause(caught.value, 1) == 30


@given(st.integers(1, 50))
def test_pauses_grow_are_spread_and_end(attempt: int) -> None:
    retries = Retries(most=50, first_pause=0.5)
    pause = retries.pause(ConnectionFailed("gone"), attempt)
    assert pause is not None
    assert min(0.25 * 2 ** (attempt - 1), LONGEST_PAUSE / 2) <= pause <= LONGEST_PAUSE
    assert retries.pause(ConnectionFailed("gone"), 51) is None


@pytest.mark.parametrize("error", [BadRequest("no"), AuthenticationFailed("no"), ServerFailed("no", code=1013)])
def test_there_is_no_pause_where_there_is_no_hope(error: CallError) -> None:
    assert Retries(most=5, first_pause=0.5).pause(error, 1) is None


def test_settings_out_of_range_are_refused(open_client: OpenClient) -> None:
    with pytest.raises(ValueError, match="max_retries"):
        open_client(max_retries=-1)
    with pytest.raises(ValueError, match="backoff"):
        open_client(backoff=-0.1)
    with pytest.raises(ValueError, match="timeout"):
        open_client(timeout=0)
