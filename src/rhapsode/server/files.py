"""The files' endpoints, and where sound is kept that an answer only points at."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from rhapsode.dialects.minimax import files as dialect
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.jobs.files import Files, StoredFile
from rhapsode.jobs.links import Links
from rhapsode.server.boundary import Answer, Call, Dialect
from rhapsode.server.downloads import download
from rhapsode.server.uploads import receive_upload

ERRORS: Final = Dialect(
    write_error=lambda error, _trace_id, _body: dialect.write_error(error),
    http_status=http_status_of,
)


@dataclass(frozen=True, kw_only=True)
class FileDesk:
    """Takes files in and hands them out. All times are in seconds; `upload_seconds` None keeps what is uploaded."""

    files: Files
    links: Links
    link_seconds: int
    speech_seconds: int
    upload_seconds: int | None

    async def deliver(self, call: Call, filename: str, content: bytes | AsyncIterable[bytes]) -> str:
        """Keep sound or subtitles for the caller, for a while; the link. Raises `InvalidField`, `StorageError`."""
        file = await self.files.keep(
            call.caller.group_id, dialect.SPEECH_PURPOSE, filename, content, expires_in=self.speech_seconds
        )
        return self.links.url(file, expires_in=self.speech_seconds, base_url=call.base_url)

    async def upload(self, call: Call) -> Answer:
        """`POST /v1/files/upload`."""
        async with receive_upload(call, self.files.store) as upload:
            filename = upload.filename if upload.name == "file" else None
            purpose = dialect.read_upload(upload.fields, filename)
            kept = await self.files.adopt(
                call.caller.group_id, purpose, filename or "", upload.content, expires_in=self.upload_seconds
            )
        return _json(call, dialect.write_file(_info(kept)))

    async def list(self, call: Call) -> Answer:
        """`GET /v1/files/list`."""
        purpose = dialect.read_purpose(call.query)
        found = await self.files.list(call.caller.group_id, purpose)
        return _json(call, dialect.write_list([_info(file) for file in found]))

    async def retrieve(self, call: Call) -> Answer:
        """`GET /v1/files/retrieve`."""
        file = await self._find(call)
        url = self.links.url(file, expires_in=self.link_seconds, base_url=call.base_url)
        return _json(call, dialect.write_file(_info(file), download_url=url))

    async def content(self, call: Call) -> Answer:
        """`GET /v1/files/retrieve_content`."""
        return await download(self.files, await self._find(call), call.headers)

    async def delete(self, call: Call) -> Answer:
        """`POST /v1/files/delete`."""
        file_id, purpose = dialect.read_delete(call.body)
        return await self._delete(call, file_id, purpose)

    async def list_or_retrieve(self, call: Call) -> Answer:
        """`GET /v1/files`: one file where an id is named; else those of a purpose, or all."""
        if "file_id" in call.query:
            return await self.retrieve(call)
        if "purpose" in call.query:
            return await self.list(call)
        found = await self.files.list(call.caller.group_id)
        return _json(call, dialect.write_list([_info(file) for file in found]))

    async def delete_by_query(self, call: Call) -> Answer:
        """`DELETE /v1/files`."""
        return await self._delete(call, dialect.read_file_id(call.query), call.query.get("purpose") or None)

    async def _find(self, call: Call) -> StoredFile:
        return await self.files.find(call.caller.group_id, dialect.read_file_id(call.query))

    async def _delete(self, call: Call, file_id: int, purpose: str | None) -> Answer:
        await self.files.delete(call.caller.group_id, file_id, purpose)
        return _json(call, dialect.write_deleted(file_id))


def _info(file: StoredFile) -> dialect.FileInfo:
    return dialect.FileInfo(
        file_id=file.id, size=file.size, created_at=file.created_at, filename=file.filename, purpose=file.purpose
    )


def _json(call: Call, answer: bytes) -> Response:
    return Response(answer, headers=call.headers, media_type="application/json")
