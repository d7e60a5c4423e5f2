"""Files: `/v1/files/*`, read and written. Fields, purposes and kinds of files: the contract's section 5.2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from rhapsode.core.errors import InvalidField, RhapsodeError
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of

DOCUMENTS: Final = ("pdf", "docx", "txt", "jsonl")
AUDIO: Final = ("mp3", "m4a", "wav")

UPLOADS: Final[Mapping[str, tuple[str, ...]]] = {
    "voice_clone": AUDIO,
    "prompt_audio": AUDIO,
    "voice_isolation": AUDIO,
    "t2a_async_input": ("txt", "zip"),
    "t2a_async": ("txt", "zip"),
    "role-recognition": ("json",),
    "retrieval": DOCUMENTS,
    "assistants": DOCUMENTS,
    "fine-tune": ("jsonl",),
}
"""what may be uploaded for a purpose, by the end of its name"""

RESULT_PURPOSE: Final = "t2a_async"
SPEECH_PURPOSE: Final = "t2a"
"""of sound and subtitles that an answer only points at; the platform does not list these, and names no purpose"""

PURPOSES: Final = (*UPLOADS, SPEECH_PURPOSE, "fine-tune-result")

_ID_DIGITS: Final = 19

FileId = Annotated[int, Meta(ge=1)] | Annotated[str, Meta(pattern=rf"^[0-9]{{1,{_ID_DIGITS}}}$")]
"""A number; as text too, as some samples of the platform's own documentation have it."""


@dataclass(frozen=True, kw_only=True)
class FileInfo:
    """What is told of a file."""

    file_id: int
    size: int
    """bytes"""
    created_at: int
    """seconds since 1970, UTC"""
    filename: str
    purpose: str


class WireFile(Struct, frozen=True):
    """A file on the wire."""

    file_id: int
    bytes: int
    created_at: int
    filename: str
    purpose: str
    download_url: str | UnsetType = UNSET


class _One(Struct, frozen=True):
    file: WireFile
    base_resp: BaseResp


class _Many(Struct, frozen=True):
    files: list[WireFile]
    base_resp: BaseResp


class _Deleted(Struct, frozen=True):
    file_id: int
    base_resp: BaseResp


class _Error(Struct, frozen=True):
    base_resp: BaseResp


class _Delete(Struct, frozen=True):
    file_id: FileId
    purpose: str | None = None


_DECODER = msgspec.json.Decoder(_Delete)
_ENCODER = msgspec.json.Encoder()
_OK: Final = BaseResp(SUCCESS, "success")


def read_upload(fields: Mapping[str, str], filename: str | None) -> str:
    """The purpose of an upload, once it fits the file's name. Raises `InvalidField`."""
    purpose = read_purpose(fields, UPLOADS)
    if filename is None:
        raise InvalidField("file", "is required: a part of the form with a filename")
    kinds = UPLOADS[purpose]
    kind = PurePosixPath(filename.lower()).suffix.removeprefix(".")
    require(kind in kinds, "file", f"for the purpose {purpose} its name must end in one of .{', .'.join(kinds)}")
    return purpose


def read_purpose(given: Mapping[str, str], allowed: Mapping[str, object] | Sequence[str] = PURPOSES) -> str:
    """The field `purpose`, of a form or a query. Raises `InvalidField`."""
    purpose = given.get("purpose", "")
    require(purpose, "purpose", "is required")
    require(purpose in allowed, "purpose", f"unknown purpose {purpose[:40]!r}; allowed are {', '.join(allowed)}")
    return purpose


def read_file_id(query: Mapping[str, str], field: str = "file_id") -> int:
    """An id out of a query. Raises `InvalidField`."""
    text = query.get(field, "")
    require(text, field, "is required")
    digits = text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS
    require(digits, field, f"must be a number of at most {_ID_DIGITS} digits")
    return int(text)


def read_delete(body: bytes) -> tuple[int, str | None]:
    """Which file is to be deleted, and the purpose that it is said to have. Raises `MalformedBody`, `InvalidField`."""
    wire = read_json(_DECODER, body)
    return int(wire.file_id), wire.purpose or None


def write_file(file: FileInfo, *, download_url: str | None = None) -> bytes:
    """The answer about one file."""
    return _ENCODER.encode(_One(_wire(file, UNSET if download_url is None else download_url), _OK))


def write_list(files: Sequence[FileInfo]) -> bytes:
    """The answer about many."""
    return _ENCODER.encode(_Many([_wire(file) for file in files], _OK))


def write_deleted(file_id: int) -> bytes:
    """The answer about one that was deleted."""
    return _ENCODER.encode(_Deleted(file_id, _OK))


def write_error(error: RhapsodeError) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(_Error(status_of(error)))


def _wire(file: FileInfo, download_url: str | UnsetType = UNSET) -> WireFile:
    return WireFile(
        file_id=file.file_id,
        bytes=file.size,
        created_at=file.created_at,
        filename=file.filename,
        purpose=file.purpose,
        download_url=download_url,
    )
