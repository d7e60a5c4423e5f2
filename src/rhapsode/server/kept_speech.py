"""Speech that an answer only points at: kept as it is made, with its subtitles beside it."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing

from rhapsode.core.speech import AudioFormat, SpeechEnd, SpeechEvent
from rhapsode.dialects.minimax.subtitles import write_subtitles
from rhapsode.server.boundary import Call

Deliver = Callable[[Call, str, bytes | AsyncIterable[bytes]], Awaitable[str]]
"""Keeps a file of this name for the caller, and says where it can be fetched."""


async def keep_speech(
    events: AsyncGenerator[SpeechEvent], audio_format: AudioFormat, deliver: Deliver, call: Call
) -> tuple[str, SpeechEnd]:
    """Where the sound can be fetched, and what it has come to. It is never in memory as a whole."""
    last: list[SpeechEnd] = []

    async def sound() -> AsyncGenerator[bytes]:
        async for event in events:
            if isinstance(event, SpeechEnd):
                last.append(event)
            else:
                yield event.audio

    async with aclosing(events), aclosing(sound()) as pieces:
        url = await deliver(call, f"{call.trace_id}.{audio_format.value}", pieces)
    return url, last[0]


async def keep_subtitles(end: SpeechEnd, deliver: Deliver, call: Call) -> str:
    """Where they can be fetched."""
    return await deliver(call, f"{call.trace_id}.subtitles.json", write_subtitles(end.subtitles))
