"""The platform's speech endpoints, as the routes name them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Final

from starlette.responses import Response

from rhapsode.core.errors import RhapsodeError
from rhapsode.core.speech import SpeechEnd, SpeechEvent, SpeechRequest
from rhapsode.dialects.minimax import t2a, t2a_pro, t2a_stream, t2a_v2, t2a_v2_reply
from rhapsode.dialects.minimax.chat_pro_reply import asks_for_stream
from rhapsode.dialects.minimax.status import BaseResp, http_status_of, status_of, status_of_v2
from rhapsode.dialects.sse import CONTENT_TYPE
from rhapsode.server.boundary import Answer, Call, Dialect, DialectOfBody, Handler
from rhapsode.server.kept_speech import Deliver, keep_speech, keep_subtitles
from rhapsode.server.streaming import EventStream
from rhapsode.service.account import Account

Speak = Callable[[SpeechRequest, Account], Awaitable[AsyncGenerator[SpeechEvent]]]
"""Lets a text in, and speaks it."""
WriteError = Callable[..., bytes]
Status = Callable[[RhapsodeError], BaseResp]

_JSON: Final = "application/json"
_PART: Final = 256 * 1024
"""bytes"""


def _errors(write: WriteError, content_type: str = _JSON, *, status: Status = status_of) -> Dialect:
    def write_error(error: RhapsodeError, trace_id: str, _body: bytes) -> bytes:
        return write(error, trace_id=trace_id)

    return Dialect(write_error=write_error, http_status=http_status_of, content_type=content_type, status=status)


_V2_WHOLE: Final = _errors(t2a_v2_reply.write_error, status=status_of_v2)
_V2_STREAM: Final = _errors(t2a_v2_reply.write_streamed_error, CONTENT_TYPE, status=status_of_v2)

T2A_ERRORS: Final = _errors(t2a.write_error)
T2A_PRO_ERRORS: Final = _errors(t2a_pro.write_error)
T2A_STREAM_ERRORS: Final = _errors(t2a_stream.write_error, CONTENT_TYPE)
T2A_V2_ERRORS: Final = DialectOfBody(choose=lambda body: _V2_STREAM if asks_for_stream(body) else _V2_WHOLE)


def handle_t2a(speak: Speak) -> Handler:
    """The handler of `POST /v1/text_to_speech`.

    The sound is collected before the answer begins: until then an error can still be told as JSON.
    """

    async def handle(call: Call) -> Answer:
        request = t2a.read_request(call.body)
        pieces, _ = await _collect(await speak(request, call.account))
        await call.account.complete()  # who was told the length knows the last byte when it comes
        headers = {**call.headers, "content-length": str(sum(map(len, pieces)))}
        kind = t2a.CONTENT_TYPES[request.audio.format]
        return EventStream(_one_by_one(_parts(pieces)), broken=None, headers=headers, content_type=kind)

    return handle


def handle_t2a_stream(speak: Speak) -> Handler:
    """The handler of `POST /v1/tts/stream`."""

    async def handle(call: Call) -> Answer:
        request = t2a_stream.read_request(call.body)
        events = await speak(request, call.account)
        writer = t2a_stream.StreamWriter(request, call.trace_id)

        async def frames() -> AsyncGenerator[bytes]:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, SpeechEnd):
                        await call.account.complete()
                        for frame in writer.write_end(event):
                            yield frame
                    elif frame := writer.write_audio(event):
                        yield frame

        return EventStream(frames(), broken=_broken(t2a_stream.write_error, call), headers=call.headers)

    return handle


def handle_t2a_pro(speak: Speak, deliver: Deliver) -> Handler:
    """The handler of `POST /v1/t2a_pro`."""

    async def handle(call: Call) -> Answer:
        request = t2a_pro.read_request(call.body)
        events = await speak(request, call.account)
        audio_url, end = await keep_speech(events, request.audio.format, deliver, call)
        subtitle_url = await keep_subtitles(end, deliver, call)
        answer = t2a_pro.write_reply(
            request, end, trace_id=call.trace_id, audio_url=audio_url, subtitle_url=subtitle_url
        )
        return Response(answer, headers=call.headers, media_type=_JSON)

    return handle


def handle_t2a_v2(speak: Speak, deliver: Deliver) -> Handler:
    """The handler of `POST /v1/t2a_v2`."""

    async def handle(call: Call) -> Answer:
        asked = t2a_v2.read_request(call.body)
        events = await speak(asked.request, call.account)
        if asked.stream:
            frames = _v2_events(asked, events, deliver, call)
            return EventStream(frames, broken=_broken(t2a_v2_reply.write_streamed_error, call), headers=call.headers)
        if asked.as_url:
            audio_url, end = await keep_speech(events, asked.request.audio.format, deliver, call)
            subtitle_url = await keep_subtitles(end, deliver, call) if asked.subtitles else ""
            answer = t2a_v2_reply.write_linked_reply(
                asked, audio_url, end, trace_id=call.trace_id, subtitle_url=subtitle_url
            )
            return Response(answer, headers=call.headers, media_type=_JSON)
        pieces, end = await _collect(events)
        subtitle_url = await keep_subtitles(end, deliver, call) if asked.subtitles else ""
        await call.account.complete()
        parts = t2a_v2_reply.write_reply(asked, pieces, end, trace_id=call.trace_id, subtitle_url=subtitle_url)
        return EventStream(_one_by_one(parts), broken=None, headers=call.headers, content_type=_JSON)

    return handle


async def _v2_events(
    asked: t2a_v2.T2aV2Call, events: AsyncGenerator[SpeechEvent], deliver: Deliver, call: Call
) -> AsyncGenerator[bytes]:
    writer = t2a_v2_reply.StreamWriter(asked, call.trace_id)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, SpeechEnd):
                subtitle_url = await keep_subtitles(event, deliver, call) if asked.subtitles else ""
                await call.account.complete()
                for part in writer.write_end(event, subtitle_url=subtitle_url):
                    yield part
            else:
                yield writer.write_audio(event.audio)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in parts that are sent without keeping others waiting: a WAV file is one piece."""
    for piece in pieces:
        for place in range(0, len(piece), _PART):
            yield piece[place : place + _PART]


async def _one_by_one(parts: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(0)  # a caller that takes everything at once keeps nobody else waiting


async def _collect(events: AsyncGenerator[SpeechEvent]) -> tuple[list[bytes], SpeechEnd]:
    """All of the sound, in pieces, and what it has come to."""
    pieces: list[bytes] = []
    async with aclosing(events):
        async for event in events:
            if isinstance(event, SpeechEnd):
                return pieces, event
            pieces.append(event.audio)
    raise AssertionError("a stream of speech events ended without SpeechEnd")


def _broken(write: WriteError, call: Call) -> Callable[[RhapsodeError], bytes]:
    return lambda error: write(error, trace_id=call.trace_id)
