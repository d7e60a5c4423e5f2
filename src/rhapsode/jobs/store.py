"""Content on disk, each under its SHA-256: what is the same is there once, and no caller's name is ever a path."""

import errno
import hashlib
import os
import secrets
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from anyio import to_thread

from rhapsode.core.errors import StorageError

_INCOMING = "incoming"
_FOLDERS = 256
_BLOCK = 1024 * 1024
"""bytes that are gathered before a thread writes them"""

STALE_SECONDS = 3600
"""A file that nobody has written to for so long was being written by a process that is gone."""


class Incoming:
    """A file that is being written, under a name that nobody else knows. `size`: bytes, once `finish` was called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._held = bytearray()
        self._file = path.open("xb")

    @property
    def digest(self) -> bytes:
        """SHA-256, once `finish` was called."""
        return self._hash.digest()

    async def write(self, content: bytes) -> None:
        """Add content. Raises `StorageError`."""
        self._held += content
        if len(self._held) >= _BLOCK:
            held, self._held = self._held, bytearray()
            await to_thread.run_sync(self.put, held)

    async def finish(self) -> None:
        """Bring all of it to the disk; nothing may be written afterwards. Raises `StorageError`."""
        await to_thread.run_sync(self._sync)

    def close(self) -> None:
        """Remove the file, unless it was taken to its place. Raises `StorageError`."""
        give_up(self._file)
        with disk_errors():
            self.path.unlink(missing_ok=True)

    def put(self, content: bytes | bytearray) -> None:
        """`write`, for a thread: it blocks."""
        with disk_errors():
            self._hash.update(content)
            self.size += self._file.write(content)

    def _sync(self) -> None:
        self.put(self._held)
        bring_to_disk(self._file)
        self._file.close()


class Store:
    """The directory. It counts no references: `files.py` and `tasks.py` know what is still named."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @asynccontextmanager
    async def incoming(self) -> AsyncGenerator[Incoming]:
        """A new file to write, removed at the end unless `adopt` took it. Raises `StorageError`."""
        incoming = await to_thread.run_sync(self._open)
        try:
            yield incoming
        finally:
            incoming.close()

    def adopt(self, incoming: Incoming) -> None:
        """Put a finished file in its place. Blocks; for the transaction that names it, so that no sweep comes between.

        Raises `StorageError`.
        """
        place = self.path(incoming.digest)
        with disk_errors():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            incoming.path.replace(place)
            _sync_folder(place.parent)

    def path(self, digest: bytes) -> Path:
        """Where the content lies, if it is there."""
        name = digest.hex()
        return self._directory / name[:2] / name

    def remove(self, digest: bytes) -> None:
        """Blocks; for a transaction in which nothing names the content. Raises `StorageError`."""
        with disk_errors():
            self.path(digest).unlink(missing_ok=True)

    def folders(self) -> Iterator[list[bytes]]:
        """The digests of what is there, folder by folder."""
        for number in range(_FOLDERS):
            folder = self._directory / f"{number:02x}"
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
            yield [bytes.fromhex(name) for name in names]

    def remove_stale(self) -> int:
        """Remove what killed processes left half-written; say how many. Blocks."""
        folder = self._directory / _INCOMING
        stale = [path for path in folder.iterdir() if _is_stale(path)] if folder.is_dir() else []
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def _open(self) -> Incoming:
        with disk_errors():
            folder = self._directory / _INCOMING
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Incoming(folder / secrets.token_hex(16))


class disk_errors:  # noqa: N801 - used as a statement, as contextlib's own are
    """What the disk refuses, as an error of ours."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise StorageError("the disk is full" if full else f"the disk cannot be used ({error.strerror})") from error


def bring_to_disk(file: IO[bytes]) -> None:
    """What was written to it is there after a power cut too. Blocks. Raises `StorageError`."""
    with disk_errors():
        file.flush()
        os.fsync(file.fileno())


def give_up(file: IO[bytes]) -> None:
    """Close what nobody will read, if it is open: what a full disk did not take of it is tried again, and may fail."""
    with suppress(OSError):
        file.close()


def write_whole(path: Path, content: bytes) -> None:
    """A file that is there with all of its content, or not at all. Blocks. Raises `StorageError`."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with disk_errors():
            with beside.open("xb") as file:
                file.write(content)
                bring_to_disk(file)
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _is_stale(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > STALE_SECONDS
    except FileNotFoundError:  # its own process was quicker
        return False


def _sync_folder(folder: Path) -> None:
    """A name is on the disk once its folder is."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
