"""A server that plays answers from a list over real sockets, byte by byte as told, and keeps what it was asked."""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from rhapsode.core.chat import Bot, ChatEnd, ChatReply, ChatRequest, ChatText, ChatUsage, Finish, Sampling
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.minimax import chat_pro_reply
from rhapsode.dialects.minimax.chat_pro import ProCall
from rhapsode.dialects.stamp import Stamp

TRACE = "0f0e0d0c0b0a09080706050403020100"
END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=39, reply_tokens=2))
_STAMP = Stamp(trace_id=TRACE, created=1700000000)


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)


class Connection(BaseHTTPRequestHandler):
    """One caller."""

    protocol_version = "HTTP/1.1"

    @property
    def player(self) -> "Player":
        assert isinstance(self.server, Player)
        return self.server

    def setup(self) -> None:
        super().setup()
        self.player.connections.add(self.connection)

    def finish(self) -> None:
        self.player.connections.discard(self.connection)
        with suppress(OSError):  # reset, by one side or the other
            super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.player.asked.append(Asked(self.path, {name.lower(): text for name, text in self.headers.items()}, body))
        if not self.player.answers:
            self.close_connection = True
            return
        self.player.answers.popleft()(self)

    def do_GET(self) -> None:
        if not self.path.startswith("/v1/"):
            play(self.player.live)(self)
            return
        self.player.asked.append(Asked(self.path, {name.lower(): text for name, text in self.headers.items()}, b""))
        self.player.answers.popleft()(self)

    def answer(self, body: bytes, kind: str, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """End the connection with a RST, as a killed process or a cut cable does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def wait_for_hang_up(self) -> None:
        """Return when the caller has gone, or the test is over."""
        while not self.player.over.is_set():
            self.connection.settimeout(0.05)
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close_connection = True
        self.player.hung_up.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the parent gives
        pass


Answer = Callable[[Connection], None]


class Player(ThreadingHTTPServer):
    """Each request gets the next answer; when there is none left, the connection is closed without a word."""

    daemon_threads = False
    block_on_close = True
    live = b'{"server":"rhapsode","status":"live"}'
    """what it says of itself, asked whether it lives"""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.answers = deque(answers)
        self.asked: list[Asked] = []
        self.hung_up = threading.Event()
        self.over = threading.Event()
        self.connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers that leave are what some tests are about."""


def play(body: bytes, kind: str = "application/json", status: int = 200, **headers: str) -> Answer:
    """A whole answer."""
    return lambda connection: connection.answer(
        body, kind, status, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def status(code: int, message: str, http_status: int = 200, **headers: str) -> Answer:
    """A failure, as the platform tells it."""
    body = {"id": TRACE, "reply": "", "choices": None, "base_resp": {"status_code": code, "status_msg": message}}
    return play(json.dumps(body).encode(), status=http_status, **headers)


def reply(text: str = "Glassy.", speaker: str = "Helper") -> Answer:
    """A whole reply, as this project's server writes it."""
    return play(chat_pro_reply.write_reply(_asked(speaker), ChatReply(text=text, end=END), _STAMP))


def call(name: str, arguments: str) -> Answer:
    """A whole reply that calls a function."""
    called = ChatReply(text="", end=END, calls=(FunctionCall(name=name, arguments=arguments),))
    return play(chat_pro_reply.write_reply(_asked("Helper"), called, _STAMP))


def writer() -> chat_pro_reply.StreamWriter:
    """Writes a streamed reply, as this project's server does."""
    return chat_pro_reply.StreamWriter(_asked("Helper"), _STAMP)


def events(*pieces: str) -> list[bytes]:
    """The frames of a streamed reply, as this project's server writes them."""
    return list(map(writer().write_event, [*(ChatText(text=piece) for piece in pieces), END]))


def stream(*frames: bytes, then: Answer = lambda _: None) -> Answer:
    """Frames as they come, and what happens after the last one; by default the connection ends as it should."""

    def answer(connection: Connection) -> None:
        connection.send_response(200)
        connection.send_header("Content-Type", "text/event-stream")
        connection.send_header("Trace-Id", TRACE)
        connection.send_header("Connection", "close")
        connection.end_headers()
        for frame in frames:
            connection.wfile.write(frame)
        connection.close_connection = True
        then(connection)

    return answer


def raw(data: bytes) -> Answer:
    """Bytes that need not be HTTP."""

    def answer(connection: Connection) -> None:
        connection.wfile.write(data)
        connection.close_connection = True

    return answer


reset = Connection.reset
silence = Connection.wait_for_hang_up


def _asked(speaker: str) -> ProCall:
    return ProCall(
        request=ChatRequest(
            model="abab5.5-chat",
            bots=(Bot(name=speaker, description=""),),
            turns=(),
            reply_as=speaker,
            max_tokens=256,
            sampling=Sampling(temperature=0.9, top_p=0.95),
        )
    )
