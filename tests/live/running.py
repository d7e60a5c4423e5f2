"""The real command, on a real socket: started, waited for, and ended."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2

START_SECONDS = 60

DETERMINISTIC = """
[chat.engines.embedded]
kind = "scripted"
[speech.engines.embedded]
kind = "tone"
[embed]
default = "scripted"
[embed.engines.scripted]
kind = "scripted"
"""


@dataclass(frozen=True, kw_only=True)
class LiveServer:
    """A running `rhapsode serve`."""

    process: subprocess.Popen[str]
    home: Path
    base_url: str
    group_id: str
    api_key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def client(self) -> httpx2.Client:
        """A client that carries the key and the group."""
        return httpx2.Client(
            base_url=self.base_url,
            headers=self.headers,
            params={"GroupId": self.group_id},
            timeout=60,
            trust_env=False,
            verify=False,
        )

    def line_of(self, trace_id: str, *, kind: str = "call") -> str:
        """The log's line of a call, which is written once its answer was sent."""
        its_own = re.compile(re.escape(trace_id) + r"(?![\w-])")  # later texts of a WebSocket have a number behind it
        for _ in range(2000):
            lines = (self.home / "output.txt").read_text(encoding="utf-8").split("\n")[:-1]
            found = [line for line in lines if its_own.search(line) and kind in line]
            if found:
                (line,) = found
                return line
            httpx2.get(f"{self.base_url}/health/live", trust_env=False, verify=False)
        raise AssertionError(f"there is no line of {trace_id}")

    def environment(self) -> dict[str, str]:
        """What the programs of this machine read."""
        return os.environ | {
            "RHAPSODE_BASE_URL": self.base_url,
            "RHAPSODE_GROUP_ID": self.group_id,
            "RHAPSODE_API_KEY": self.api_key,
        }

    def terminate(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def running_server(
    home: Path, settings: str = "", *, verify: ssl.SSLContext | Literal[False] = False
) -> Generator[LiveServer]:
    """`rhapsode serve` on a free port, until the block ends. Its output goes to `output.txt` in the home.

    `verify`: what trusts its certificate, if it has one.
    """
    home.mkdir(exist_ok=True)
    (home / "rhapsode.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "rhapsode", "serve", "--port", "0", "--home", str(home)]
    with (
        (home / "output.txt").open("w", encoding="utf-8") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True) as process,
    ):
        try:
            kept = _wait_until_ready(process, home, verify)
            yield LiveServer(process=process, home=home, **kept)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def _wait_until_ready(
    process: subprocess.Popen[str], home: Path, verify: ssl.SSLContext | Literal[False]
) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            kept = tomllib.loads((home / "credentials.toml").read_text(encoding="utf-8"))
            httpx2.get(f"{kept['base_url']}/health/ready", trust_env=False, verify=verify).raise_for_status()
        except (OSError, httpx2.TransportError):
            time.sleep(0.05)  # the one thing to wait for without an event: another process that starts
        else:
            return kept
    raise AssertionError(f"the server did not start:\n{(home / 'output.txt').read_text(encoding='utf-8')}")
