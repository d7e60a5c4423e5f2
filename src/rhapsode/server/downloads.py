"""Content of files as answers: to their owner, and to whoever holds a link that was signed."""

from pathlib import Path, PurePosixPath
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from rhapsode.core.call_id import new_call_id
from rhapsode.core.errors import Draining, StorageError
from rhapsode.dialects.minimax.status import FORBIDDEN, INTERNAL, INVALID_PARAMS, TIMEOUT
from rhapsode.jobs.files import Files, StoredFile
from rhapsode.jobs.links import PATH, Links
from rhapsode.server.auth import read_address
from rhapsode.server.boundary import trace_headers
from rhapsode.service.account import Account
from rhapsode.service.admission import Admission
from rhapsode.service.meter import Meter

CONTENT_TYPES: Final = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".aac": "audio/aac",
    ".m4a": "audio/mp4",
    ".json": "application/json",
    ".txt": "text/plain",
    ".tar": "application/x-tar",
    ".zip": "application/zip",
}
"""Of what a name ends in. Anything else is bytes: a page that somebody uploaded must not be shown as one."""

_HEADERS: Final = {"cache-control": "private, no-store"}


async def download(files: Files, file: StoredFile, headers: dict[str, str]) -> Response:
    """The content, whole or the range that was asked for. Raises `StorageError` where it is gone."""
    path: Path = await to_thread.run_sync(files.path, file)
    return FileResponse(
        path,
        media_type=CONTENT_TYPES.get(PurePosixPath(file.filename.lower()).suffix, "application/octet-stream"),
        filename=file.filename,
        headers=_HEADERS | headers,
    )


_WRONG: Final = 400
_CODES: Final = {403: FORBIDDEN, 404: INVALID_PARAMS, 500: INTERNAL, 503: TIMEOUT}
"""HTTP's, and the platform's for who watches"""


class Downloads:
    """An ASGI application for links.

    They need no key, so errors are told by HTTP's own codes; who watches hears of each.
    """

    def __init__(self, files: Files, links: Links, admission: Admission, meter: Meter) -> None:
        self._meter = meter
        self._files = files
        self._links = links
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the content; 403 for a link that is not ours or has expired, 404 for a file that is gone."""
        account = Account(self._meter, new_call_id(), PATH, address=read_address(scope))
        answer = await self._told(Request(scope), trace_headers(account.call_id))
        if answer.status_code < _WRONG:
            await account.complete()
            account.begin()
        else:
            await account.fail(_CODES[answer.status_code])
        try:
            await answer(scope, receive, send)
        finally:
            account.end(method=scope["method"], http_status=answer.status_code)

    async def _told(self, request: Request, headers: dict[str, str]) -> Response:
        try:
            async with self._admission.enter():
                return await self._answer(request, headers)
        except Draining as error:
            return PlainTextResponse(error.message, status_code=503, headers=headers)
        except StorageError as error:
            return PlainTextResponse(error.message, status_code=500, headers=headers)

    async def _answer(self, request: Request, headers: dict[str, str]) -> Response:
        file_id, query = request.path_params["file_id"], request.query_params
        if not self._links.opens(file_id, query.get("expires", ""), query.get("signature", "")):
            return PlainTextResponse(
                "the link is not one of this server's, or has expired", status_code=403, headers=headers
            )
        file = await self._files.find_linked(int(file_id))
        if file is None or file.filename != request.path_params["filename"]:
            return PlainTextResponse("the file was deleted, or its time is over", status_code=404, headers=headers)
        return await download(self._files, file, headers)
