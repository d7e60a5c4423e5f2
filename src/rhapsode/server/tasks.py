"""The endpoints of long texts: tasks are taken here, and asked about; the work is done between the calls."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from rhapsode.core.errors import InvalidField, InvisibleText, UnknownVoice
from rhapsode.core.limiter import Unit
from rhapsode.core.speech import SpeechRequest, TextCount
from rhapsode.core.usage import Usage
from rhapsode.dialects.minimax import t2a_async, t2a_async_v2
from rhapsode.dialects.minimax.status import http_status_of, status_of_v2
from rhapsode.jobs.documents import read_documents
from rhapsode.jobs.files import Files
from rhapsode.jobs.tasks import Document, Order, Task, Tasks, TaskStatus
from rhapsode.server.boundary import Answer, Call, Dialect
from rhapsode.server.uploads import receive_upload
from rhapsode.service.account import UNKNOWN_VOICE, Account
from rhapsode.service.metered import voices_of
from rhapsode.service.speech import SpeechService
from rhapsode.text.count import MOST_INVISIBLE, count

UPLOAD_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a form with a zip of texts: ten million characters, packed badly."""

ERRORS: Final = Dialect(
    write_error=lambda error, _trace_id, _body: t2a_async.write_error(error), http_status=http_status_of
)
V2_ERRORS: Final = Dialect(
    write_error=lambda error, _trace_id, _body: t2a_async_v2.write_error(error),
    http_status=http_status_of,
    status=status_of_v2,
)


@dataclass(frozen=True, kw_only=True)
class TaskDesk:
    """Takes long texts in and tells how far they are. `wake` says that there is work."""

    speech: SpeechService
    tasks: Tasks
    files: Files
    wake: Callable[[], None]

    async def create_v2(self, call: Call) -> Answer:
        """`POST /v1/t2a_async_v2`."""
        asked = t2a_async_v2.read_request(call.body)
        documents: tuple[Document, ...] | None = (Document(name="", script=asked.request.script),)
        if asked.file_id is not None:
            file = await self.files.find(call.caller.group_id, asked.file_id, field="text_file_id")
            if file.purpose not in t2a_async_v2.INPUT_PURPOSES:
                rule = f"is a file for the purpose {file.purpose}; it must be {t2a_async_v2.INPUT_PURPOSES[0]}"
                raise InvalidField("text_file_id", rule)
            path = await to_thread.run_sync(self.files.path, file)
            documents = await to_thread.run_sync(_read, path, file.filename, "text_file_id", t2a_async_v2.FILE_LIMIT)
        task = await self._create(call.account, asked.request, documents)
        answer = t2a_async_v2.write_created(
            task_id=task.id, token=task.token, file_id=task.file_id, characters=task.count.characters
        )
        return _json(call, answer)

    async def query_v2(self, call: Call) -> Answer:
        """`GET /v1/query/t2a_async_query_v2`."""
        task = await self._find(call)
        answer = t2a_async_v2.write_status(
            task_id=task.id, status=task.status.value, file_id=_result(task), reason=task.reason
        )
        return _json(call, answer)

    async def create(self, call: Call) -> Answer:
        """`POST /v1/t2a_async`."""
        async with receive_upload(call, self.files.store, limit=UPLOAD_LIMIT) as upload:
            request = t2a_async.read_form(upload.fields)
            if upload.name != "text" or upload.filename is None:
                raise InvalidField("text", "is required: a zip file")
            documents = await to_thread.run_sync(_read, upload.content.path, "text.zip", "text", t2a_async_v2.ALL_LIMIT)
            task = await self._create(call.account, request, documents)
        answer = t2a_async.write_created(
            task_id=task.id, token=task.token, file_id=task.file_id, count=task.count, audio=request.audio
        )
        return _json(call, answer)

    async def query(self, call: Call) -> Answer:
        """`GET /query/t2a_async_query`."""
        task = await self._find(call)
        answer = t2a_async.write_status(
            task_id=task.id,
            token=task.token,
            status=task.status.value,
            file_id=_result(task),
            reason=task.reason,
            count=task.count,
            milliseconds=task.milliseconds,
            size=task.audio_size,
        )
        return _json(call, answer)

    async def _create(self, account: Account, request: SpeechRequest, documents: tuple[Document, ...]) -> Task:
        """A task is paid for where it is taken in: what comes of it later changes nothing."""
        figures = await to_thread.run_sync(_count, documents)
        await account.admit(
            model=request.model, unit=Unit.CHARACTERS, amount=figures.characters, voice=voices_of(request)
        )
        if figures.invisible > MOST_INVISIBLE:
            raise InvisibleText(figures.invisible, most=MOST_INVISIBLE)
        try:
            request = await self.speech.prepare(replace(request, script=()), account.caller)
        except UnknownVoice:
            account.cast(UNKNOWN_VOICE)
            raise
        task = await self.tasks.create(account.caller.group_id, Order(request=request, documents=documents), figures)
        account.use(Usage(characters=figures.characters))
        self.wake()
        return task

    async def _find(self, call: Call) -> Task:
        task_id = t2a_async_v2.read_task_id(call.query)
        task = await self.tasks.find(call.caller.group_id, task_id)
        if task is None:
            raise InvalidField("task_id", f"there is no task {task_id}")
        return task


def _read(path: Path, filename: str, field: str, most_each: int) -> tuple[Document, ...]:
    found = read_documents(path, filename, field=field, most_each=most_each, most=t2a_async_v2.ALL_LIMIT)
    documents: list[Document] = []
    for each in found:
        where = f"{field}: {each.where.removesuffix(': ')}" if each.where else field
        documents.append(Document(name=each.name, script=t2a_async_v2.read_document(each.text, field=where)))
    return tuple(documents)


def _count(documents: tuple[Document, ...]) -> TextCount:
    return count("".join(part for document in documents for part in document.script if isinstance(part, str)))


def _result(task: Task) -> int | None:
    """The platform tells the file's id from the beginning, and none where there will be no file."""
    return None if task.status is TaskStatus.FAILED else task.file_id


def _json(call: Call, answer: bytes) -> Response:
    return Response(answer, headers=call.headers, media_type="application/json")
