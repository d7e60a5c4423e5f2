"""The real command, in a process of its own: with pipes, or at a terminal."""

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 20.0
"""Nothing here takes that long; a test that waits for it has failed."""

COMMAND = (sys.executable, "-m", "rhapsode")


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """This process's, without what would send the command elsewhere."""
    own = ("RHAPSODE_", "MINIMAX_", "LC_", "LANG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "RHAPSODE_HOME": str(home), "LC_ALL": "C.UTF-8", "PROMPT_TOOLKIT_NO_CPR": "1", **extra}


def rhapsode(
    *arguments: str, home: Path, stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(home, env or {}),
        timeout=SECONDS,
        check=False,
    )


class Terminal:
    """The command at a terminal that a test types on and reads from."""

    def __init__(self, *arguments: str, home: Path, env: Mapping[str, str] | None = None, columns: int = 200) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, columns))
        # The shell opens the terminal in a new session, which makes it the one that Ctrl-C is typed on.
        tty = shlex.quote(os.ttyname(slave))
        script = f"exec {shlex.join([*COMMAND, *arguments])} <{tty} >{tty} 2>&1"
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", script], env=environment(home, {"TERM": "xterm", **(env or {})}), start_new_session=True
        )
        self._slave = slave  # kept open: a terminal without a reader loses what was typed
        self.seen = ""
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._master)
        os.close(self._slave)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, text: str) -> str:
        """Read up to and with `text`, from where the last wait ended; what was read."""
        wanted = text.encode()
        while wanted not in self._unread:
            ready, _, _ = select.select([self._master], [], [], SECONDS)
            assert ready, f"{text!r} did not come; this did: {self._unread!r}"
            self._unread += os.read(self._master, 65536)
        before, _, self._unread = self._unread.partition(wanted)
        read = (before + wanted).decode(errors="replace")
        self.seen += read
        return read

    def all_to_its_end(self) -> str:
        """What it prints until it ends, with status 0."""
        read, deadline = b"", time.monotonic() + SECONDS
        while True:
            has_ended = self._process.poll() is not None  # asked first: what it wrote before is there then
            ready, _, _ = select.select([self._master], [], [], 0 if has_ended else 0.1)
            if ready:  # this side holds the other end open too, so that nothing is lost as the command ends
                read += os.read(self._master, 65536)
            elif has_ended:
                assert self.ended() == 0
                return read.decode()
            assert time.monotonic() < deadline, f"it did not end; this came: {read!r}"

    def wait_for_prompt(self, name: str) -> None:
        """Read until a line may be typed: the prompt stands, and the cursor is shown again."""
        self.wait_for(f"{name}:")
        self.wait_for("\x1b[?25h")

    def ended(self) -> int:
        """The status that the command ends with."""
        return self._process.wait(SECONDS)
