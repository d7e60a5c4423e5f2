"""Chat completion v2, whose streams may be spoken while they are written."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

from rhapsode.core.caller import Caller
from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest
from rhapsode.core.errors import EngineMissing
from rhapsode.core.speech import SpeechRequest
from rhapsode.dialects.minimax import chat_v2, chat_v2_reply
from rhapsode.dialects.stamp import Stamp
from rhapsode.server.boundary import Answer, Call, Handler
from rhapsode.server.chat import answer_chat
from rhapsode.server.minimax import CHAT_V2
from rhapsode.server.streaming import EventStream
from rhapsode.service.account import Account
from rhapsode.service.chat import ChatService
from rhapsode.service.spoken_chat import SpokenAudio

ReplyAloud = Callable[[ChatRequest, SpeechRequest, Account], Awaitable[AsyncGenerator[ChatEvent | SpokenAudio]]]
"""Lets a question in, and replies with text and sound."""
FindVoice = Callable[[SpeechRequest, Caller], Awaitable[object]]
"""Raises `UnknownVoice`, `EngineMissing`."""


def handle_chat_v2(chat: ChatService, reply_aloud: ReplyAloud, find_voice: FindVoice) -> Handler:
    """The handler of `POST /v1/text/chatcompletion_v2`. A voice must exist even where it is not to speak."""

    async def handle(call: Call) -> Answer:
        asked = chat_v2.read_request(call.body)
        if asked.voice is not None and not asked.aloud:
            with suppress(EngineMissing):  # nobody is needed who speaks
                await find_voice(asked.voice, call.caller)
        if asked.voice is None or not asked.aloud:
            return await answer_chat(CHAT_V2, asked, call, chat)
        events = await reply_aloud(asked.request, asked.voice, call.account)
        writer = chat_v2_reply.StreamWriter(asked, Stamp(trace_id=call.trace_id, created=call.created))
        frames = _frames(events, writer, call.account)
        return EventStream(frames, broken=writer.write_error, headers=call.headers)

    return handle


async def _frames(
    events: AsyncGenerator[ChatEvent | SpokenAudio], writer: chat_v2_reply.StreamWriter, account: Account
) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for event in events:
            match event:
                case SpokenAudio():
                    yield writer.write_audio(event.audio)
                case ChatEnd():
                    await account.complete()
                    yield writer.write_event(event)
                case _:
                    yield writer.write_event(event)
