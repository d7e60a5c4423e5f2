"""Speech in OpenAI's shape, as the routes name it: sound that is sent while it is made."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import SpeechEnd, SpeechEvent
from rhapsode.dialects.openai import speech
from rhapsode.dialects.openai.errors import write_error_event
from rhapsode.server.boundary import Answer, Call, Handler
from rhapsode.server.streaming import EventStream
from rhapsode.server.t2a import Speak
from rhapsode.service.account import Account


def handle_speech(speak: Speak) -> Handler:
    """The handler of `POST /v1/audio/speech`.

    Sound that breaks off cannot say so: the connection is cut. An event can.
    """

    async def handle(call: Call) -> Answer:
        asked = speech.read_request(call.body)
        events = _completed(await speak(asked.request, call.account), call.account)
        if asked.as_events:
            return EventStream(
                _as_events(events),
                broken=lambda error: write_error_event(error, trace_id=call.trace_id),
                headers=call.headers,
            )
        kind = speech.CONTENT_TYPES[asked.request.audio.format]
        return EventStream(_as_sound(events), broken=None, headers=call.headers, content_type=kind)

    return handle


async def _completed(events: AsyncGenerator[SpeechEvent], account: Account) -> AsyncGenerator[SpeechEvent]:
    """The events; the account is complete before the last."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, SpeechEnd):
                await account.complete()
            yield event


async def _as_sound(events: AsyncGenerator[SpeechEvent]) -> AsyncGenerator[bytes]:
    async with aclosing(_told(events)) as heard:
        async for event in heard:
            if not isinstance(event, SpeechEnd):
                yield event.audio


async def _as_events(events: AsyncGenerator[SpeechEvent]) -> AsyncGenerator[bytes]:
    async with aclosing(_told(events)) as heard:
        async for event in heard:
            yield speech.write_end(event) if isinstance(event, SpeechEnd) else speech.write_audio(event.audio)


async def _told(events: AsyncGenerator[SpeechEvent]) -> AsyncGenerator[SpeechEvent]:
    """The events, with errors that name fields as OpenAI does."""
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    except InvalidField as error:
        raise speech.in_its_words(error) from error
