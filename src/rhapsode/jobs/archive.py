"""The result of a long text: a tar archive, the same bytes for the same content."""

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rhapsode.jobs.store import Incoming, disk_errors

_BLOCK: Final = 1024 * 1024
_END: Final = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of the archive: its name in there, and its content or where that lies."""

    name: str
    content: bytes | Path


def write_archive(incoming: Incoming, entries: Iterable[Entry]) -> None:
    """Write the archive, without times and owners. It blocks. Raises `StorageError`."""
    for entry in entries:
        info = tarfile.TarInfo(entry.name)
        info.size = entry.content.stat().st_size if isinstance(entry.content, Path) else len(entry.content)
        # GNU's format: readers in use know nothing of the extended headers of POSIX.
        incoming.put(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict"))
        if isinstance(entry.content, Path):
            _copy(entry.content, incoming)
        else:
            incoming.put(entry.content)
        incoming.put(bytes(-info.size % tarfile.BLOCKSIZE))
    incoming.put(_END)


def _copy(path: Path, incoming: Incoming) -> None:
    with disk_errors(), path.open("rb") as file:
        while block := file.read(_BLOCK):
            incoming.put(block)
