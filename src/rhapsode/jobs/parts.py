"""The sound of a passage on disk: whole or not there at all, so that work that was broken off goes on behind it."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO

import msgspec

from rhapsode.core.errors import StorageError
from rhapsode.core.speech import Mark, Pcm
from rhapsode.jobs.store import bring_to_disk, disk_errors, give_up

_SAMPLE_BYTES = 4
_BLOCK_SECONDS = 2
"""Of sound that is read at a time. Fixed, so that what is made of it is the same however the work was broken off."""

_LENGTH = Struct("<Q")


class _Tail(msgspec.Struct, frozen=True):
    """What stands behind the samples, and behind it its own length."""

    rate: int
    marks: list[tuple[int, int, int]]


class PartWriter:
    """Writes one part: `feed` blocks, then `finish`. All of it blocks, and may raise `StorageError`."""

    def __init__(self, path: Path) -> None:
        """`path` is where the part will be; until then it has a name that nobody looks for."""
        self._path = path
        with disk_errors():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            self._file = self._beside.open("xb")
        self._rate = 0
        self._samples = 0
        self._marks: list[tuple[int, int, int]] = []

    def feed(self, block: Pcm) -> None:
        """Add sound; all of it has one rate."""
        self._rate = block.rate
        self._marks += [(self._samples + mark.at, mark.begin, mark.end) for mark in block.marks]
        self._samples += len(block.samples) // _SAMPLE_BYTES
        with disk_errors():
            self._file.write(block.samples)

    def finish(self) -> None:
        """Put the part in its place, once it is on the disk."""
        tail = msgspec.json.encode(_Tail(self._rate, self._marks))
        with disk_errors():
            self._file.write(tail + _LENGTH.pack(len(tail)))
            bring_to_disk(self._file)
            self._file.close()
            self._beside.replace(self._path)

    def close(self) -> None:
        """Remove what was not finished."""
        give_up(self._file)
        with disk_errors():
            self._beside.unlink(missing_ok=True)


def read_part(path: Path, *, begin: int, pause: int) -> Iterator[Pcm]:
    """The sound in blocks, after a pause of so many milliseconds; its marks moved by `begin` characters.

    Blocks between two items. Raises `StorageError` where the part is gone or damaged.
    """
    with disk_errors(), path.open("rb") as file:
        tail, size = _read_tail(file, path)
        file.seek(0)
        if tail.rate == 0:  # letters, but none that the engine knows a sound for
            return
        yield from _silence(pause, tail.rate)
        length, place = _BLOCK_SECONDS * tail.rate, 0
        marks = [Mark(at=at, begin=begin + first, end=begin + last) for at, first, last in tail.marks]
        while samples := file.read(min(length, size - place) * _SAMPLE_BYTES):
            count = len(samples) // _SAMPLE_BYTES
            here = [mark for mark in marks if place <= mark.at < place + count]
            inside = tuple(Mark(at=mark.at - place, begin=mark.begin, end=mark.end) for mark in here)
            yield Pcm(rate=tail.rate, samples=samples, marks=inside)
            place += count


def _read_tail(file: BinaryIO, path: Path) -> tuple[_Tail, int]:
    """The tail, and how many samples stand before it."""
    total = file.seek(0, os.SEEK_END)
    file.seek(max(0, total - _LENGTH.size))
    raw = file.read(_LENGTH.size)
    length = _LENGTH.unpack(raw)[0] if len(raw) == _LENGTH.size else total
    start = total - _LENGTH.size - length
    if start < 0 or start % _SAMPLE_BYTES:
        raise StorageError(f"{path.name}: the sound so far is damaged")
    file.seek(start)
    try:
        return msgspec.json.decode(file.read(length), type=_Tail), start // _SAMPLE_BYTES
    except msgspec.DecodeError as error:
        raise StorageError(f"{path.name}: the sound so far is damaged") from error


def _silence(milliseconds: int, rate: int) -> Iterator[Pcm]:
    left = round(milliseconds * rate / 1000)
    while left:
        count = min(left, _BLOCK_SECONDS * rate)
        yield Pcm(rate=rate, samples=bytes(count * _SAMPLE_BYTES))
        left -= count
