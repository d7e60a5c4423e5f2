"""A real Redis, of the test's own."""

import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

SECONDS = 30


class RedisServer:
    """A server on a Unix socket, which can be ended, started again, and stopped in its tracks."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._socket = str(Path(directory) / "redis.sock")
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("these tests need redis-server: apt-get install redis-server")
        options = ["--port", "0", "--unixsocket", self._socket, "--save", "", "--dir", self._directory]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        patient = Retry(ConstantBackoff(0.02), SECONDS * 50)
        with redis.Redis(unix_socket_path=self._socket, retry=patient) as client:
            client.ping()  # pyright: ignore[reportUnknownMemberType]

    def end(self) -> None:
        """At once, and with all that it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)
            self._process = None

    def number(self, *command: str | float) -> int:
        """To look inside: what a command answers with a number."""
        return int(cast("int", self._ask(command)))

    def texts(self, *command: str | float) -> list[str]:
        """And with many texts."""
        return cast("list[str]", self._ask(command))

    def place(self, name: str) -> tuple[str, str, float]:
        """The one place that is held there: its key, who holds it, and until when, in ms since 1970."""
        (key,) = self.texts("KEYS", f"*places*{name}*")
        lease, ends = self.texts("ZRANGE", key, 0, -1, "WITHSCORES")
        return key, lease, float(ends)

    def forget_scripts(self) -> None:
        """As an administrator may have it."""
        self._ask(("SCRIPT", "FLUSH"))

    def _ask(self, command: tuple[str | float, ...]) -> object:
        with redis.Redis(unix_socket_path=self._socket, decode_responses=True, protocol=2) as client:
            client.response_callbacks.clear()  # what is on the wire
            return cast("object", client.execute_command(*command))  # pyright: ignore[reportUnknownMemberType]

    @property
    def pid(self) -> int:
        """Of the process, to be sent signals."""
        if self._process is None:
            raise AssertionError("it does not run")
        return self._process.pid


@contextmanager
def running_redis() -> Generator[RedisServer]:
    """The server; it ends with this."""
    with tempfile.TemporaryDirectory(prefix="rhapsode-redis-") as directory:  # a socket's path must be short
        server = RedisServer(directory)
        server.start()
        try:
            yield server
        finally:
            server.end()
