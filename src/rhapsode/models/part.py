"""A file that is still coming: `NAME.part`, and beside it `NAME.part.json`, which says what it is a part of.

What a killed process leaves is used again: the bytes are hashed anew, and count only for the file of the same digest.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from rhapsode.core.errors import EngineMissing, StorageError
from rhapsode.models.hub import PART

_BLOCK: Final = 2**20
_MARGIN: Final = 64 * 2**20
"""bytes that stay free on the disk"""


class _Whole(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `NAME.part.json`: of the whole file."""

    sha256: str
    size: int | None


class Part:
    """What is here of the file `target`, and its digest so far. Every method raises `OSError` as the disk does."""

    def __init__(self, target: Path) -> None:
        self.path, self._note = part_files(target)
        self._target = target
        self._sha256 = hashlib.sha256()
        self.size = 0
        self._whole = self._read_note()

    @property
    def meant(self) -> str | None:
        """The digest of the file that this is a part of; None before the first byte."""
        return self._whole.sha256 if self._whole is not None else None

    def is_whole(self, sha256: str | None) -> bool:
        """Whether nothing is missing from the file, which must have this digest if one is given."""
        whole = self._whole
        return whole is not None and self.size == whole.size and sha256 in {None, whole.sha256}

    def hash_again(self, tell_size: Callable[[int], None]) -> None:
        """Read what an earlier process left; a part of what nobody knows is emptied."""
        if self._whole is None or not self.path.is_file():
            self.empty()
            return
        if size := self.path.stat().st_size:
            tell_size(size)
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                self._sha256.update(block)
                self.size += len(block)

    def begin(self, sha256: str, size: int | None) -> None:
        """Take bytes for the file with this digest and size. Raises `StorageError` when the disk is short of it."""
        free, need = shutil.disk_usage(self.path.parent).free, (size or self.size) - self.size + _MARGIN
        if free < need:
            raise StorageError(
                f"{self.path.parent} has {free / 1e6:.0f} MB left, and {self._target.name} needs {need / 1e6:.0f} MB"
            )
        self._whole = _Whole(sha256=sha256, size=size)
        new = self._note.with_name(self._note.name + ".new")
        new.write_bytes(msgspec.json.encode(self._whole))
        new.replace(self._note)

    def append(self, chunk: bytes) -> None:
        """Write it through to the system: it survives the process."""
        with self.path.open("ab", buffering=0) as file:
            file.write(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    def empty(self) -> None:
        """Forget what came."""
        self.path.unlink(missing_ok=True)
        self._sha256 = hashlib.sha256()
        self.size = 0

    def finish(self) -> None:
        """Put the file in its place. Raises `EngineMissing`, with everything removed, when it is not the one meant."""
        # What was hashed is what was written, unless somebody removed or changed the file in the meantime.
        if not self.path.is_file() or self.path.stat().st_size != self.size:
            self.empty()
            raise EngineMissing(f"{self.path} was removed or changed while it came; fetch it again")
        if (found := self._sha256.hexdigest()) != self.meant:
            self.empty()
            self._note.unlink(missing_ok=True)
            raise EngineMissing(
                f"{self._target.name} came with the SHA-256 {found}, and {self.meant} was meant; it was removed"
            )
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(self._target)
        self._note.unlink(missing_ok=True)

    def _read_note(self) -> _Whole | None:
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=_Whole)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def part_files(target: Path) -> tuple[Path, Path]:
    """The part of a file, and what is noted about it."""
    return target.with_name(target.name + PART), target.with_name(f"{target.name}{PART}.json")
