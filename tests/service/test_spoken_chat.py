"""A reply that is spoken while it is written."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from rhapsode.audio.encode import open_encoder
from rhapsode.core.caller import Caller
from rhapsode.core.chat import ChatCall, ChatEvent, ChatRequest, ChatText, ChatThought
from rhapsode.core.errors import EngineError, EngineMissing, UnknownVoice
from rhapsode.core.speech import Pcm, SpeechAudio, SpeechEngine, SpeechRequest
from rhapsode.core.voice import Voice, VoiceShare
from rhapsode.engines.speech.tone import ToneEngine
from rhapsode.service.chat import ChatService
from rhapsode.service.speech import NoSpeech, SpeechService
from rhapsode.service.spoken_chat import SpokenAudio, SpokenChat
from rhapsode.voices.catalogue import load_voices
from tests.service.saying import END, Says, asking

VOICE = SpeechRequest(model="speech-01", script=(), voices=(VoiceShare(voice_id="female-yujie"),), speed=1.5)
CALLER = Caller(group_id="1", key_id="key-1")
REPLY = "你好，世界！今天天气很好，我们一起去公园散步吧。\nThe end. Is it? 3.14"


class Gated(Says):
    """Says one part of its events, waits until it may go on, then says the rest."""

    def __init__(self, first: Sequence[ChatEvent], then: Sequence[ChatEvent]) -> None:
        super().__init__(*first, *then)
        self.first = len(first)
        self.open = asyncio.Event()
        self.said = 0
        self.closed = False

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        try:
            async with aclosing(super().reply(request)) as events:
                async for event in events:
                    if self.said == self.first:
                        await self.open.wait()
                    self.said += 1
                    yield event
        finally:
            self.closed = True


class GatedTone(ToneEngine):
    """Hums once it may."""

    def __init__(self, voices: Sequence[Voice]) -> None:
        super().__init__(voices)
        self.open = asyncio.Event()
        self.waits = asyncio.Event()
        self.closed = False

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        try:
            self.waits.set()
            await self.open.wait()
            async with aclosing(super().speak(request)) as blocks:
                async for block in blocks:
                    yield block
        finally:
            self.closed = True


class Hoarse(ToneEngine):
    """Cannot say the word `end`."""

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        if "end" in str(request.script):
            raise EngineError("hoarse")
        async with aclosing(super().speak(request)) as blocks:
            async for block in blocks:
                yield block


def speaking(engine: SpeechEngine | None = None) -> SpeechService:
    return SpeechService(engine=engine or ToneEngine(load_voices()), open_encoder=open_encoder)


def spoken(chat: Says, speech: SpeechService) -> SpokenChat:
    return SpokenChat(chat=ChatService(routes={"m": [chat]}, base_model=str), speech=speech)


def pieces(text: str, size: int = 3) -> list[ChatEvent]:
    return [ChatText(text=text[place : place + size]) for place in range(0, len(text), size)]


async def hear(
    chat: Says, request: ChatRequest, speech: SpeechService | None = None
) -> tuple[str, bytes, list[ChatEvent | SpokenAudio]]:
    """The text, the sound, and everything."""
    async with aclosing(spoken(chat, speech or speaking()).reply(request, VOICE, CALLER)) as events:
        heard = [event async for event in events]
    text = "".join(event.text for event in heard if isinstance(event, ChatText))
    return text, b"".join(event.audio for event in heard if isinstance(event, SpokenAudio)), heard


async def said_at_once(text: str) -> bytes:
    async with aclosing(speaking().speak(replace(VOICE, script=(text,)), CALLER)) as events:
        return b"".join([event.audio async for event in events if isinstance(event, SpeechAudio)])


async def test_the_sound_is_that_of_the_whole_text_and_the_end_comes_last() -> None:
    text, sound, heard = await hear(Says(*pieces(REPLY)), asking("hi"))
    assert text == REPLY
    assert sound == await said_at_once(REPLY)
    assert heard[-1] == END
    assert all(event.audio for event in heard if isinstance(event, SpokenAudio))


async def test_a_sentence_is_heard_before_the_next_is_written() -> None:
    chat = Gated(pieces("你好，世界！今"), pieces("天天气很好。"))
    async with aclosing(spoken(chat, speaking()).reply(asking("hi"), VOICE, CALLER)) as events:
        async for event in events:
            if isinstance(event, SpokenAudio):
                assert not chat.open.is_set()
                break
        chat.open.set()
        rest = [event async for event in events]
    assert rest[-1] == END


async def test_text_does_not_wait_for_the_sound() -> None:
    engine = GatedTone(load_voices())
    shown = ""
    async with aclosing(spoken(Says(*pieces(REPLY, 9)), speaking(engine)).reply(asking("hi"), VOICE, CALLER)) as events:
        async for event in events:
            assert isinstance(event, ChatText)
            shown += event.text
            if shown == REPLY:
                break
        engine.open.set()
        assert isinstance(await anext(events), SpokenAudio)


async def test_what_is_masked_is_masked_for_the_ear_too() -> None:
    request = replace(asking("hi"), mask=True)
    text, sound, _ = await hear(Says(*pieces("请写信到 someone@example.com 谢谢。")), request)
    assert text == f"请写信到 {'*' * len('someone@example.com')} 谢谢。"
    assert sound == await said_at_once("请写信到  谢谢。")


async def test_the_signs_of_markdown_are_not_spoken() -> None:
    _, sound, _ = await hear(Says(*pieces("## 标题\n这是**很好**的`代码`。")), asking("hi"))
    assert sound == await said_at_once("标题\n这是很好的代码。")


async def test_thoughts_and_calls_are_passed_on_and_not_spoken() -> None:
    thought, call = ChatThought(text="Hm, let me think."), ChatCall(index=0, name="f", arguments="{}")
    _, sound, heard = await hear(Says(thought, ChatText(text="Yes."), call), asking("hi"))
    assert [event for event in heard if not isinstance(event, SpokenAudio)] == [
        thought,
        ChatText(text="Yes."),
        call,
        END,
    ]
    assert sound == await said_at_once("Yes.")


@pytest.mark.parametrize("text", ["……", "😀", "**"])
async def test_a_reply_with_nothing_to_speak_has_no_sound(text: str) -> None:
    assert await hear(Says(ChatText(text=text)), asking("hi")) == (text, b"", [ChatText(text=text), END])


async def test_a_voice_that_does_not_exist_is_refused_before_the_reply_begins() -> None:
    chat = Says(ChatText(text="hi"))
    nobody = replace(VOICE, voices=(VoiceShare(voice_id="nobody", field="voice_setting.voice_id"),))
    async with aclosing(spoken(chat, speaking()).reply(asking("hi"), nobody, CALLER)) as events:
        with pytest.raises(UnknownVoice, match=r"voice_setting\.voice_id: voice id 'nobody'"):
            await anext(events)
    assert chat.asked == []


async def test_without_a_speech_engine_the_reason_is_told_before_the_reply_begins() -> None:
    chat = Says(ChatText(text="hi"))
    speech = speaking(NoSpeech(EngineMissing("install it"), load_voices()))
    with pytest.raises(EngineMissing, match="install it"):
        await hear(chat, asking("hi"), speech)
    with pytest.raises(EngineMissing, match="install it"):
        async with aclosing(speech.speak(replace(VOICE, script=("hi",)), CALLER)) as sound:
            await anext(sound)
    assert chat.asked == []


async def test_a_chat_engine_that_fails_ends_the_stream_with_its_error() -> None:
    class Fails(Says):
        async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
            del request
            yield ChatText(text="你好，世界！今天")
            raise EngineError("down")

    engine = GatedTone(load_voices())
    with pytest.raises(EngineError, match="down"):
        await hear(Fails(), asking("hi"), speaking(engine))


async def test_a_speech_engine_that_fails_ends_the_stream_with_its_error_and_frees_the_other() -> None:
    chat = Gated(pieces("Well, the end. And"), pieces(" so on."))
    with pytest.raises(EngineError, match="hoarse"):
        await hear(chat, asking("hi"), speaking(Hoarse(load_voices())))
    assert chat.closed


async def test_leaving_early_frees_both_engines() -> None:
    chat, engine = Gated(pieces("你好，世界！今天"), pieces("天气。")), GatedTone(load_voices())
    async with aclosing(spoken(chat, speaking(engine)).reply(asking("hi"), VOICE, CALLER)) as events:
        await anext(events)
        await engine.waits.wait()
    assert chat.closed
    assert engine.closed


async def test_a_listener_who_is_cancelled_frees_both_engines() -> None:
    chat, engine = Gated(pieces("你好，世界！今天"), pieces("天气。")), GatedTone(load_voices())
    listening = asyncio.create_task(hear(chat, asking("hi"), speaking(engine)))
    await engine.waits.wait()
    listening.cancel()
    await asyncio.wait((listening,))
    assert listening.cancelled()
    assert chat.closed
    assert engine.closed


async def test_a_slow_listener_holds_the_model_up() -> None:
    chat = Gated(pieces("a" * 1000, 1), ())
    async with aclosing(spoken(chat, speaking()).reply(asking("hi"), VOICE, CALLER)) as events:
        await anext(events)
        for _ in range(200):
            await asyncio.sleep(0)  # as many turns as the model could take
        assert 1 <= chat.said <= 20
