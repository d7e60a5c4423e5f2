"""What a process does that belongs to another: it takes lines from it, says little, and ends with it.

Its standard input is a pipe from its parent, which ends when the parent does, however that ends; on Linux the kernel
kills it too. Both hold in the middle of a long native call.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, Final

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def take_standard_output() -> BinaryIO:
    """The pipe to the parent, for this process's own words alone: what native code prints goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


class Orders:
    """The parent's lines. The first one says what to do; a later one is a word."""

    def __init__(self) -> None:
        self._rest = b""

    def first(self) -> bytes:
        """Waits for it. Ends the process when the parent has gone."""
        return self._line()

    def follow(self, told: Callable[[str], None]) -> None:
        """Hand each later word on, in a thread of its own, which ends the process on the spot with its parent."""

        def read() -> None:
            while True:
                told(self._line().decode())

        threading.Thread(target=read, name="orders", daemon=True).start()

    def _line(self) -> bytes:
        # Past Python's own buffer: that has a lock, and a process that ends while a thread waits in it aborts.
        while b"\n" not in self._rest:
            part = os.read(0, 65536)
            if not part:
                os._exit(0)
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line
