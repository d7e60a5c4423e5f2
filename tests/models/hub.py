"""A hub on a real socket, and the CDN that it sends everybody to, which misbehave as a test tells them."""

import hashlib
import json
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeAlias, cast
from urllib.parse import parse_qs, unquote, urlsplit

from rhapsode.models.hub import Hubs


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request: which of the two got it, and what it said."""

    server: str
    path: str
    headers: dict[str, str]


class Answer(BaseHTTPRequestHandler):
    """The handler of one request, with what a test's misbehaviour needs."""

    protocol_version = "HTTP/1.1"

    @property
    def at(self) -> "_Server":
        """The server that got the request."""
        return cast("_Server", self.server)

    def do_GET(self) -> None:
        hub = self.at.hub
        hub.asked.append(Asked(server=self.at.role, path=self.path, headers=dict(self.headers.items())))
        plan = self.at.plans.popleft() if self.at.plans else None
        (plan or self.at.usual)(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def status(self, status: int, **headers: str) -> None:
        """Answer with nothing but a status."""
        self.send_response(status)
        for name, value in {"Content_Length": "0", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, content: bytes, *, cut: int | None = None, ranges: bool = True, linked: bool = False) -> None:
        """Answer with a file, from where it was asked; `cut` closes the connection after so many bytes."""
        hub = self.at.hub
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if ranges else None
        start = int(found[1]) if found else 0
        if found and start >= len(content):
            self.status(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, Content_Range=f"bytes */{len(content)}")
            return
        self.send_response(HTTPStatus.PARTIAL_CONTENT if found else HTTPStatus.OK)
        if found:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if linked:
            self.send_header("X-Linked-ETag", f'"{hub.sha256}"')
            self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:] if cut is None else content[start : start + cut])
        if cut is not None:
            self.close_connection = True


Plan: TypeAlias = Callable[[Answer], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, role: str, hub: "Hub", usual: Plan) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.role = role
        self.hub = hub
        self.usual = usual
        self.plans: deque[Plan] = deque()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, as one does that has heard enough, is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType] - passed on as it came

    @property
    def url(self) -> str:
        # Another name for the CDN: a browser, and we, take it for another host.
        return f"http://{'127.0.0.1' if self.role == 'hub' else 'localhost'}:{self.server_port}"


@dataclass
class Hub:
    """Both servers, while the block lasts. `repo` holds `files`; `content` is the first of them."""

    files: dict[str, bytes]
    repo: str = "someone/tiny-GGUF"
    asked: list[Asked] = field(default_factory=list[Asked])
    released: threading.Event = field(default_factory=threading.Event)
    """for an answer that waits: set when the block ends"""

    def __enter__(self) -> Self:
        self._servers = {
            "hub": _Server("hub", self, self._redirect),
            "cdn": _Server("cdn", self, lambda answer: answer.send(self._file(answer))),
        }
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.02,)) for server in self._servers.values()
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        return self._servers["hub"].url

    @property
    def hubs(self) -> Hubs:
        """The hub as both of the real ones."""
        return Hubs(endpoints={"huggingface": self.url, "modelscope": self.url})

    @property
    def content(self) -> bytes:
        return next(iter(self.files.values()))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def plan(self, server: str, *plans: Plan, times: int = 1) -> None:
        """How the next requests to one of the servers are answered; after them, as usual."""
        self._servers[server].plans.extend(plans * times)

    def asked_of(self, server: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.server == server]

    def stall(self, answer: Answer) -> None:
        """Send half of the file, and then nothing more until the test is over."""
        content = self._file(answer)
        answer.send_response(HTTPStatus.OK)
        answer.send_header("Content-Length", str(len(content)))
        answer.end_headers()
        answer.wfile.write(content[: len(content) // 2])
        self.released.wait()
        answer.close_connection = True

    def redirect(self, answer: Answer, **headers: str) -> None:
        """As Hugging Face answers: with what it knows of the file, and the address of the CDN."""
        content = self._file(answer)
        linked = {"X_Linked_ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X_Linked_Size": str(len(content))}
        answer.status(
            HTTPStatus.FOUND, Location=f"{self._servers['cdn'].url}{answer.path}?signed", **{**linked, **headers}
        )

    def _redirect(self, answer: Answer) -> None:
        path = unquote(urlsplit(answer.path).path)
        if path.startswith("/api/v1/models/"):
            self._list(answer)
        elif path.rpartition("/")[2] not in self.files:
            answer.status(HTTPStatus.NOT_FOUND)
        elif path.startswith("/models/"):  # ModelScope says nothing of the file here
            answer.status(HTTPStatus.FOUND, Location=f"{self._servers['cdn'].url}{answer.path}")
        else:
            self.redirect(answer)

    def _list(self, answer: Answer) -> None:
        assert parse_qs(urlsplit(answer.path).query)["Recursive"] == ["true"]
        files = [
            {"Path": name, "Size": len(content), "Sha256": hashlib.sha256(content).hexdigest(), "Type": "blob"}
            for name, content in self.files.items()
        ]
        body = json.dumps({"Code": 200, "Success": True, "Data": {"Files": files}}).encode()
        answer.send(body, ranges=False)

    def _file(self, answer: Answer) -> bytes:
        return self.files[unquote(urlsplit(answer.path).path).rpartition("/")[2]]
