"""The voices: whether their catalogue can be read, and whether the embedded engine says a word in one."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok
from rhapsode.core.errors import EngineMissing, RhapsodeError
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechRequest
from rhapsode.core.voice import Voice, VoiceShare
from rhapsode.engines.registry import open_speech
from rhapsode.settings.shape import EngineSetting, Settings
from rhapsode.voices.catalogue import load_voices

SECONDS = 60.0
"""A word takes half a second, and the start of a worker as long."""


def check_voices(settings: Settings) -> list[Finding]:
    """One for the catalogue, and one for the engine unless what it needs is not installed, which is told elsewhere."""
    try:
        voices = load_voices()
    except ValueError as error:
        return [fail("voices", words.VOICES_WRONG, words.VOICES_FIX, reason=str(error))]
    found = [ok("voices", words.VOICES, count=len(voices))]
    setting = settings.speech.engines[settings.speech.default]
    try:
        seconds = asyncio.run(_say(setting, voices))
    except EngineMissing:
        return found
    except (RhapsodeError, TimeoutError) as error:
        reason = str(error) or "it took too long"
        return [*found, fail("speech", words.SPEECH_FAILED, words.SPEECH_FIX, kind=setting.kind, reason=reason)]
    return [*found, ok("speech", words.SPEECH, kind=setting.kind, seconds=round(seconds, 2))]


async def _say(setting: EngineSetting, voices: Sequence[Voice]) -> float:
    """A word, to its end; the seconds that it took."""
    began = time.perf_counter()
    engine = await open_speech(setting.kind, setting.options, voices=voices)
    try:
        async with asyncio.timeout(SECONDS), aclosing(engine.speak(_word(voices[0]))) as blocks:
            async for _ in blocks:
                pass
    finally:
        await engine.close()
    return time.perf_counter() - began


def _word(voice: Voice) -> SpeechRequest:
    """The shortest thing to say."""
    return SpeechRequest(
        model="speech-01",
        script=("好",),
        voices=(VoiceShare(voice_id=voice.id, voice=voice),),
        audio=AudioSetting(format=AudioFormat.PCM),
    )
