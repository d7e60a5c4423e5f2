import pickle
import socket

import pytest

import rhapsode
from rhapsode import (
    AuthenticationFailed,
    BadRequest,
    BalanceExhausted,
    Bot,
    CallError,
    ConnectionFailed,
    ContentRefused,
    RateLimited,
    ReplyCut,
    RhapsodeError,
    ServerFailed,
    TimedOut,
    UnreadableReply,
)
from tests.client.player import TRACE, Player, play, raw, silence, status
from tests.client.speakers import OpenClient

HELPER = Bot(name="Helper", description="Helper answers briefly.")

CODES = [
    (1000, ServerFailed),
    (1001, ServerFailed),
    (1002, RateLimited),
    (1004, AuthenticationFailed),
    (1008, BalanceExhausted),
    (1013, ServerFailed),
    (1024, ServerFailed),
    (1026, ContentRefused),
    (1027, ContentRefused),
    (1033, ServerFailed),
    (1039, RateLimited),
    (1041, RateLimited),
    (1042, BadRequest),
    (2013, BadRequest),
    (2049, AuthenticationFailed),
    (2054, BadRequest),
    (2056, BalanceExhausted),
    (99999, ServerFailed),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_every_code_has_its_error(open_client: OpenClient, code: int, kind: type[CallError]) -> None:
    with Player(status(code, "so it is")) as server, pytest.raises(CallError) as caught:
        open_client(base_url=server.url, max_retries=0).chat("?", bots=HELPER)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.http_status, caught.value.trace_id) == (code, 200, TRACE)
    assert caught.value.message == "so it is"
    assert str(caught.value) == f"so it is (code {code}, trace id {TRACE})"


@pytest.mark.parametrize(
    ("http_status", "kind"),
    [
        (400, BadRequest),
        (401, AuthenticationFailed),
        (402, BalanceExhausted),
        (403, AuthenticationFailed),
        (404, BadRequest),
        (429, RateLimited),
        (500, ServerFailed),
        (503, ServerFailed),
        (302, UnreadableReply),
    ],
)
def test_a_status_line_speaks_when_the_body_does_not(
    open_client: OpenClient, http_status: int, kind: type[CallError]
) -> None:
    page = play(b"404 page not found", "text/plain", http_status, Trace_Id=TRACE, Location="/elsewhere")
    with Player(page) as server, pytest.raises(CallError, match=f"HTTP {http_status}") as caught:
        open_client(base_url=server.url, max_retries=0).chat("?", bots=HELPER)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.http_status, caught.value.trace_id) == (None, http_status, TRACE)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b"{}", b'{"reply":7}', b'{"choices":[{"messages":7}]}', b"\xff\xfe"]
)
def test_a_success_that_holds_no_reply(open_client: OpenClient, body: bytes) -> None:
    with Player(play(body, Trace_Id=TRACE)) as server, pytest.raises(UnreadableReply) as caught:
        open_client(base_url=server.url).chat("?", bots=HELPER)
    assert caught.value.trace_id == TRACE


def test_nobody_listens(open_client: OpenClient) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ConnectionFailed, match=url):
        open_client(base_url=url).chat("?", bots=HELPER)


def test_what_answers_does_not_speak_http(open_client: OpenClient) -> None:
    with Player(raw(b"SSH-2.0-OpenSSH_9.9\r\n")) as server, pytest.raises(ConnectionFailed):
        open_client(base_url=server.url, max_retries=0).chat("?", bots=HELPER)


def test_a_silent_server_is_not_waited_for_and_not_asked_again(open_client: OpenClient) -> None:
    with Player(silence, silence, silence) as server:
        with pytest.raises(TimedOut):
            open_client(base_url=server.url, timeout=0.2).chat("?", bots=HELPER)
        assert server.hung_up.wait(10)
        assert len(server.asked) == 1


def test_half_a_reply(open_client: OpenClient) -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\nTrace-Id: abc\r\n\r\n{"reply"'
    with Player(raw(half)) as server, pytest.raises(ReplyCut) as caught:
        open_client(base_url=server.url).chat("?", bots=HELPER)
    assert caught.value.trace_id == "abc"


def test_a_broken_encoding(open_client: OpenClient) -> None:
    with Player(play(b"not gzip", Content_Encoding="gzip")) as server, pytest.raises(UnreadableReply):
        open_client(base_url=server.url).chat("?", bots=HELPER)


def test_all_errors_of_calls_are_one_family() -> None:
    named = [getattr(rhapsode, name) for name in rhapsode.__all__]
    kinds = {kind for kind in named if isinstance(kind, type) and issubclass(kind, BaseException)}
    assert issubclass(CallError, RhapsodeError)
    assert {kind for kind in kinds if not issubclass(kind, CallError)} == {RhapsodeError, rhapsode.SettingsError}
    assert len(kinds) == 13


def test_an_error_survives_another_process() -> None:
    error = RateLimited("slower", code=1002, trace_id=TRACE, http_status=200, retry_after=1.5)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert (type(again), str(again), again.code, again.retry_after) == (RateLimited, str(error), 1002, 1.5)
