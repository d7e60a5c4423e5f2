"""One process at a time fetches a file: a lock that the system lets go when its holder dies, however it dies."""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def locked(path: Path, *, busy: Callable[[], None]) -> Generator[None]:
    """Hold the lock file `path`; `busy` is called once, before waiting for another holder. Raises `OSError`."""
    descriptor = _acquire(path, busy)
    try:
        yield
    finally:
        # Removed while it is held: who opened it in the meantime finds, when it gets it, that it is there no more.
        with suppress(PermissionError):  # Windows removes no open file; there it stays, empty
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, busy: Callable[[], None]) -> int:
    told = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _try(descriptor):
                if not told:
                    busy()
                    told = True
                _wait(descriptor)
            if _is_still(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _try(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait(descriptor: int) -> None:
        while True:
            with suppress(OSError):  # it gives up after ten seconds
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                return

else:

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
