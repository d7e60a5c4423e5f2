"""Long texts without their transport: ordered now, spoken by and by, fetched when they are done."""

import io
import tarfile
from typing import Final

from rhapsode.client._calls import Call, encode, read, read_failure, sound_type
from rhapsode.client._errors import BadRequest, ServerFailed, UnreadableReply
from rhapsode.client._replies import Speech
from rhapsode.client._transport import Answer
from rhapsode.core.speech import SpeechRequest
from rhapsode.dialects.minimax import t2a_async_v2

ORDER_PATH: Final = "/v1/t2a_async_v2"
STATUS_PATH: Final = "/v1/query/t2a_async_query_v2"
CONTENT_PATH: Final = "/v1/files/retrieve_content"

_FORMATS: Final = ("mp3", "pcm", "flac")


def order_call(request: SpeechRequest) -> Call:
    """The call that orders a speech."""
    return Call(path=ORDER_PATH, body=encode(t2a_async_v2.write_request, request))


def read_order(answer: Answer) -> str:
    """The task that it is. Raises CallError."""
    if not answer.is_success:
        raise read_failure(answer)
    return read(t2a_async_v2.read_created, answer.body, answer)


def status_call(task_id: str) -> Call:
    """The call that asks how far a task is."""
    return Call(path=STATUS_PATH, query={"task_id": task_id})


def read_progress(answer: Answer) -> Call | None:
    """The call that fetches the result; None while there is none. Raises CallError, for a task that failed too."""
    if not answer.is_success:
        raise read_failure(answer)
    told = read(t2a_async_v2.read_status, answer.body, answer)
    match told.status:
        case "processing" | "preparing" | "queueing":
            return None
        case "success" if told.file_id is not None:
            return Call(path=CONTENT_PATH, query={"file_id": told.file_id})
        case "expired":
            raise BadRequest("task_id: the speech is no longer kept", trace_id=answer.trace_id)
        case "failed":
            reason = told.reason or "the server does not say why"
            raise ServerFailed(f"the text was not spoken: {reason}", trace_id=answer.trace_id)
        case _:
            raise UnreadableReply(
                f"the task has no status that is known: {told.status[:80]!r}", trace_id=answer.trace_id
            )


def read_result(answer: Answer) -> Speech:
    """The sound in the archive that an answer holds. Raises CallError."""
    if not answer.is_success or answer.body.lstrip().startswith(b"{"):
        raise read_failure(answer)
    try:
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
            for member in archive:
                packed_as = member.name.rpartition(".")[2].lower()
                content = archive.extractfile(member) if packed_as in _FORMATS else None
                if content is not None and (audio := content.read()):
                    return Speech(audio=audio, content_type=sound_type(packed_as), trace_id=answer.trace_id)
    except tarfile.TarError as error:
        raise UnreadableReply("the result is no archive", trace_id=answer.trace_id) from error
    raise UnreadableReply("the result holds no sound", trace_id=answer.trace_id)
