"""Forms with a file, `multipart/form-data`, written to the disk as they come."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers

from rhapsode.core.errors import InvalidField, MalformedBody
from rhapsode.jobs.files import FILENAME_CHARACTERS
from rhapsode.jobs.store import Incoming, Store
from rhapsode.server.body import read_parts
from rhapsode.server.boundary import Call

UPLOAD_LIMIT = 512 * 1024 * 1024
"""Bytes of a form with its file, as the platform has it."""

FIELDS = 64
FIELD_LIMIT = 64 * 1024
"""How many fields beside the file, and bytes of one."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A form. `name` is the field that its one file stands in, `filename` is for people alone: never a path."""

    fields: Mapping[str, str]
    name: str | None
    filename: str | None
    content: Incoming


@asynccontextmanager
async def receive_upload(call: Call, store: Store, *, limit: int = UPLOAD_LIMIT) -> AsyncGenerator[Upload]:
    """The form, its file finished on the disk; removed at the end unless it was adopted.

    Raises `BodyTooLarge`, `MalformedBody`, `InvalidField`, `StorageError`, `CallerLeft`.
    """
    if call.receive is None:
        raise TypeError("an endpoint for uploads is one that reads the body itself")
    form = _Form(_boundary(Headers(scope=call.scope)))
    async with store.incoming() as content:
        async with aclosing(read_parts(call.scope, call.receive, limit=limit)) as parts:
            async for part in parts:
                for piece in form.feed(part):
                    await content.write(piece)
        form.finish()
        await content.finish()
        yield Upload(fields=form.fields, name=form.name, filename=form.filename, content=content)


@dataclass
class _Part:
    """What is known of the part that is being read."""

    name: str = ""
    filename: str | None = None
    value: bytearray = field(default_factory=bytearray)


class _Form:
    """Reads a form that comes in parts. The fields may stand in any order; of files there is one."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.name: str | None = None
        self.filename: str | None = None
        self._part = _Part()
        self._header = ("", "")
        self._file: list[bytes] = []
        self._over = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, content: bytes) -> list[bytes]:
        """What of the file is in it. Raises `MalformedBody`, `InvalidField`."""
        try:
            self._parser.write(content)
        except FormParserError as error:
            raise MalformedBody(f"the body is not multipart/form-data: {error}") from error
        pieces, self._file = self._file, []
        return pieces

    def finish(self) -> None:
        """Raises `MalformedBody` where the form is not complete."""
        if not self._over:
            raise MalformedBody("the body is not multipart/form-data: its end is missing")

    def _begin_part(self) -> None:
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end].decode("latin-1"), "")

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end].decode("latin-1"))

    def _end_header(self) -> None:
        (name, value), self._header = self._header, ("", "")
        if name.lower() == "content-disposition":
            options = parse_options_header(value)[1]
            self._part.name = _text(options.get(b"name", b""))
            self._part.filename = _filename(options[b"filename"]) if b"filename" in options else None

    def _end_headers(self) -> None:
        part = self._part
        if part.filename is None:
            if part.name in self.fields:
                raise InvalidField(part.name, "must stand only once in a form")
            if len(self.fields) >= FIELDS:
                raise InvalidField("", f"a form must not have more than {FIELDS} fields")
            return
        if self.filename is not None:
            raise InvalidField(part.name, "a form must not have more than one file")
        if not 0 < len(part.filename) <= FILENAME_CHARACTERS:
            raise InvalidField(part.name, f"its filename must have 1 to {FILENAME_CHARACTERS} characters")
        self.name, self.filename = part.name, part.filename

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.filename is not None:
            self._file.append(data[start:end])
            return
        self._part.value += data[start:end]
        if len(self._part.value) > FIELD_LIMIT:
            raise InvalidField(self._part.name, f"must not have more than {FIELD_LIMIT} bytes, unless it is a file")

    def _end_part(self) -> None:
        if self._part.filename is None:
            self.fields[self._part.name] = _text(bytes(self._part.value))

    def _end(self) -> None:
        self._over = True


def _boundary(headers: Headers) -> bytes:
    kind, options = parse_options_header(headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise MalformedBody("the body must be multipart/form-data, with a boundary")
    return options[b"boundary"]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _filename(raw: bytes) -> str:
    """As people may read it: without folders, and without what could not be printed."""
    name = _text(raw).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip()
    return "" if name in {".", ".."} else name  # in a link these would be folders
