"""What is to be spoken out of an uploaded file: a text, or a zip of texts or of JSON, read with suspicion.

A zip may claim anything of itself: what counts is what comes out of it, and that is bounded in every way.
"""

import codecs
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

from rhapsode.core.errors import InvalidField
from rhapsode.jobs.store import disk_errors

MOST_MEMBERS: Final = 1000
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all texts of a zip together: ten million characters are 30 MB of Chinese in UTF-8, 60 MB as JSON escapes."""
MOST_DIRECTORY: Final = 1024 * 1024
"""Bytes of a zip's own list of what is in it: a thousand files take some 100 kB."""

_MOST_BYTES_A_CHARACTER: Final = 4
_KINDS: Final = (".txt", ".json")
_BLOCK: Final = 1024 * 1024
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
"""flags of a member: its name is UTF-8 for certain; it needs a password"""
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError)
"""what the standard library finds wrong with a zip; OSError is a place before the beginning of the file"""
_ORDINARY: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, kw_only=True)
class RawDocument:
    """A text as it was sent. `name` is what its sound is to be called; `where` names it to its sender."""

    name: str
    where: str
    text: str


class _Parts(msgspec.Struct, frozen=True):
    """A JSON file. What is empty gives no sound."""

    title: str | None = None
    content: str | None = None
    extra: str | None = None


_DECODER = msgspec.json.Decoder(_Parts)


def read_documents(path: Path, filename: str, *, field: str, most_each: int, most: int) -> list[RawDocument]:
    """The texts, each of fewer than `most_each` characters, all of fewer than `most`. Blocks.

    `filename` says by its end which kind of file it is; `field` is where the caller named it. Raises `InvalidField`,
    `StorageError`.
    """
    kind = PurePosixPath(filename.lower()).suffix
    if kind == ".zip":
        found = _read_zip(path, field)
    elif kind == ".txt":
        with disk_errors(), path.open("rb") as file:
            content = _read(
                file, most_each * _MOST_BYTES_A_CHARACTER, field, f"must have fewer than {most_each} characters"
            )
        found = [RawDocument(name=f"content-{_stem(filename)}", where="", text=_decode(content, field, ""))]
    else:
        raise InvalidField(field, "must be a file whose name ends in .txt or .zip")
    for document in found:
        if len(document.text) >= most_each:
            raise InvalidField(field, f"{document.where}must have fewer than {most_each} characters")
    if sum(len(document.text) for document in found) >= most:
        raise InvalidField(field, f"must have fewer than {most} characters in all")
    documents = [document for document in found if document.text.strip()]
    if not documents:
        raise InvalidField(field, "holds no text")
    return documents


class _DirectoryTooLarge(Exception):
    """A zip lists more than a thousand files take."""


class _Wary(io.FileIO):
    """A zip, read in small pieces alone.

    The standard library reads the whole list of what is in a zip, and makes an object of each line, before anybody can
    ask how many there are: in 100 MB there is room for two million. All else it reads in pieces of `_BLOCK` at most.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """Of the standard library. Raises `_DirectoryTooLarge`."""
        content = super().read(MOST_DIRECTORY + 1 if size is None or size < 0 else min(size, MOST_DIRECTORY + 1)) or b""
        if len(content) > MOST_DIRECTORY:
            raise _DirectoryTooLarge
        return content


def _read_zip(path: Path, field: str) -> list[RawDocument]:
    documents: list[RawDocument] = []
    try:
        with _Wary(path) as file, zipfile.ZipFile(file) as archive:
            for name, content in _members(archive, field):
                stem, where = _stem(name), f"{name[:80]}: "
                if sum(document.name.partition("-")[2] == stem for document in documents):
                    raise InvalidField(field, f"{where}there are two files of this name")
                if name.lower().endswith(".txt"):
                    text = _decode(content, field, where)
                    documents.append(RawDocument(name=f"content-{stem}", where=where, text=text))
                else:
                    documents += _read_json(content, stem, field, where)
    except _DirectoryTooLarge as error:
        rule = f"a zip must hold 1 to {MOST_MEMBERS} files, and a list of them of {MOST_DIRECTORY} bytes at most"
        raise InvalidField(field, rule) from error
    except _DAMAGE as error:
        raise InvalidField(field, "is not a zip file, or is damaged") from error
    return documents


def _members(archive: zipfile.ZipFile, field: str) -> Iterator[tuple[str, bytes]]:
    """The files in it with their names, in its own order; all of one kind."""
    infos = [info for info in archive.infolist() if not info.is_dir() and not _is_left_by_a_system(info.filename)]
    if not infos or len(infos) > MOST_MEMBERS:
        raise InvalidField(field, f"a zip must hold 1 to {MOST_MEMBERS} files, not {len(infos)}")
    names = [_name(info) for info in infos]
    kinds = {PurePosixPath(name.lower()).suffix for name in names}
    if len(kinds) > 1 or not kinds < set(_KINDS):
        raise InvalidField(field, "a zip must hold only .txt files or only .json files")
    left = MOST_BYTES
    for name, info in zip(names, infos, strict=True):
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _ORDINARY:
            raise InvalidField(field, f"{name[:80]}: must be packed without a password, in the usual way")
        with archive.open(info) as file:
            content = _read(file, left, field, f"must not hold more than {MOST_BYTES} bytes of text")
        left -= len(content)
        yield name, content


def _read(file: IO[bytes], most: int, field: str, rule: str) -> bytes:
    """All of it, whatever its header says of its size."""
    blocks: list[bytes] = []
    while block := file.read(_BLOCK):
        blocks.append(block)
        most -= len(block)
        if most < 0:
            raise InvalidField(field, rule)
    return b"".join(blocks)


def _read_json(content: bytes, stem: str, field: str, where: str) -> list[RawDocument]:
    try:
        parts = _DECODER.decode(_decode(content, field, where).encode())
    except msgspec.DecodeError as error:
        rule = "must be JSON, an object of the texts title, content and extra"
        raise InvalidField(field, f"{where}{rule} ({error})") from error
    named = (("title", parts.title), ("content", parts.content), ("extra", parts.extra))
    return [RawDocument(name=f"{name}-{stem}", where=f"{where}{name}: ", text=text) for name, text in named if text]


def _decode(content: bytes, field: str, where: str) -> str:
    """Text as it is found in the wild: UTF-8, UTF-16 with its mark, or what Chinese Windows writes."""
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidField(field, f"{where}must be text in UTF-8, UTF-16 or GB 18030")


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its sender sees it: where the zip does not say, Python takes it for that of an old IBM PC."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _stem(name: str) -> str:
    """What a file is called without folders and ending, fit to be a name in an archive."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return (
        "".join(character for character in stem if character.isprintable() and character not in '/:*?"<>|')[:80]
        or "text"
    )


def _is_left_by_a_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in {".DS_Store", "Thumbs.db", "desktop.ini"}
