"""A speech engine that hums: one tone a letter or digit, at the blend's pitch. For tests: quick, and exact."""

import asyncio
import math
import struct
from collections.abc import AsyncGenerator, Mapping, Sequence

import msgspec

from rhapsode.core.errors import EngineError
from rhapsode.core.speech import Mark, Pcm, SpeechEngine, SpeechRequest
from rhapsode.core.voice import Voice
from rhapsode.engines.options import read_options
from rhapsode.engines.speech.manner import read_manner
from rhapsode.engines.speech.script import Rest, Shares, read_language, read_shares, read_steps, read_tempo
from rhapsode.engines.speech.sound import blocks, silence
from rhapsode.text.speakable import clean, speakable

_RATE = 16000
_TONE, _GAP = 0.12, 0.06
"""seconds of a letter or digit, and of any other character, at tempo 1"""
_LEVEL = 0.14
"""amplitude: about -20 dB"""
_FADE = 0.005
"""seconds: without it each tone would begin with a click"""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There are none."""


async def open_engine(options: Mapping[str, object], *, voices: Sequence[Voice]) -> SpeechEngine:
    """The engine. Raises `SettingsError` for any option."""
    read_options(options, Options, kind="tone")
    return ToneEngine(voices)


class ToneEngine:
    """Hums in any blend of `voices`: the pitch is their weighted geometric mean, and so is the pace.

    Of a manner it has the pace, the semitones and the level; a hum has no more.
    """

    def __init__(self, voices: Sequence[Voice]) -> None:
        self._voices = {voice.id: voice for voice in voices}
        self._closed = False

    def voices(self) -> Sequence[Voice]:
        """Every voice of the catalogue."""
        return tuple(self._voices.values())

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """The sound in order, a piece at a time."""
        if self._closed:
            raise EngineError("the engine is closed")
        shares, manner = read_shares(request, self._voices), read_manner(request)
        tempo = read_tempo(request, shares, manner)
        hertz = _pitch(shares) * 2 ** (manner.semitones / 12)
        level = _LEVEL * 10 ** (manner.level / 20)
        for step in read_steps(request, tempo, read_language(request, self._voices)):
            if isinstance(step, Rest):
                for block in silence(step.seconds, _RATE):
                    yield block
                continue
            marks = (Mark(at=0, begin=step.begin, end=step.end),)
            for block in blocks(_hum(clean(step.text), hertz, tempo, level), _RATE):
                yield Pcm(rate=_RATE, samples=block, marks=marks)
                marks = ()
                await asyncio.sleep(0)  # others get their turn

    async def close(self) -> None:
        """Nothing is held."""
        self._closed = True


def _pitch(shares: Shares) -> float:
    return math.exp(math.fsum(weight * math.log(timbre.pitch) for timbre, weight in shares))


def _hum(text: str, hertz: float, tempo: float, level: float) -> bytes:
    """Each character's tone or gap, little-endian float32; blanks at the ends make none."""
    count = round(_TONE / tempo * _RATE)
    fade = _FADE * _RATE
    hum = struct.pack(
        f"<{count}f",
        *(
            level * math.sin(2 * math.pi * hertz * at / _RATE) * min(at / fade, (count - 1 - at) / fade, 1.0)
            for at in range(count)
        ),
    )
    gap = bytes(round(_GAP / tempo * _RATE) * 4)
    first, last = _ends(text)
    return b"".join(hum if speakable(character) else gap for character in text[first:last])


def _ends(text: str) -> tuple[int, int]:
    heard = [place for place, character in enumerate(text) if speakable(character)]
    return heard[0], heard[-1] + 1
