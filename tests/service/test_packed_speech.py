"""What a speech holds while it is packed is freed, however it ends."""

from contextlib import aclosing

import psutil
import pytest

from rhapsode.audio.encode import open_encoder
from rhapsode.core.caller import Caller
from rhapsode.core.speech import AudioFormat, AudioSetting, SoundEffect, SpeechEnd, SpeechRequest, VoiceModify
from rhapsode.core.voice import VoiceShare
from rhapsode.engines.speech.tone import ToneEngine
from rhapsode.service.speech import SpeechService
from rhapsode.voices.catalogue import load_voices

CALLER = Caller(group_id="1", key_id="key-1")
SERVICE = SpeechService(engine=ToneEngine(load_voices()), open_encoder=open_encoder)


def ask(kind: AudioFormat, effect: SoundEffect | None = None, text: str = "你好，世界。" * 20) -> SpeechRequest:
    return SpeechRequest(
        model="speech-01",
        script=(text,),
        voices=(VoiceShare(voice_id="female-yujie"),),
        modify=VoiceModify(effect=effect),
        audio=AudioSetting(format=kind, streamed=True),
    )


async def end_of(request: SpeechRequest) -> SpeechEnd:
    async with aclosing(SERVICE.speak_part(request, CALLER)) as events:
        last = [event async for event in events][-1]
    assert isinstance(last, SpeechEnd)
    return last


async def test_a_listener_who_leaves_leaves_no_process_behind() -> None:
    before = set(psutil.Process().children())
    async with aclosing(SERVICE.speak(ask(AudioFormat.AAC), CALLER)) as events:
        await anext(events)
        assert len(set(psutil.Process().children()) - before) == 1
    assert set(psutil.Process().children()) == before
    await end_of(ask(AudioFormat.AAC))
    assert set(psutil.Process().children()) == before


async def test_the_length_is_that_of_what_was_packed() -> None:
    plain = await end_of(ask(AudioFormat.PCM))
    assert plain.size / 64 == pytest.approx(plain.milliseconds, abs=0.5)
    echo = await end_of(ask(AudioFormat.PCM, SoundEffect.SPACIOUS_ECHO))
    assert echo.milliseconds == plain.milliseconds + 1400
    assert echo.subtitles == plain.subtitles


async def test_a_part_with_nothing_to_speak_is_silent() -> None:
    end = await end_of(ask(AudioFormat.FLAC, text="……"))
    assert (end.milliseconds, end.size, end.count.characters) == (0, 0, 2)
