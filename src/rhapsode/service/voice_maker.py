"""How callers come by voices of their own: out of a recording, out of a description, or as a blend under a name."""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from rhapsode.core.caller import Caller
from rhapsode.core.errors import InvalidField, PromptLength, SampleLength, UnknownVoice
from rhapsode.core.speech import SpeechAudio, SpeechRequest
from rhapsode.core.voice import Age, Gender, OwnKind, OwnVoice, Timbre, Voice, VoiceShare
from rhapsode.service.account import Account
from rhapsode.service.metered import heard
from rhapsode.service.saved_blend import Shelf, save_blend
from rhapsode.service.speech import SpeechService

SHORTEST_SAMPLE: Final = 10.0
LONGEST_SAMPLE: Final = 300.0
LONGEST_PROMPT: Final = 8.0
"""seconds: a sample lasts from 10 s to 5 minutes, and a prompt less than 8 s"""

SAMPLE_LIMIT: Final = 20 * 1024 * 1024
"""bytes of a recording"""

_WOMEN_FROM: Final = 165.0
"""Hz: half way between the medians of men and of women; a clone is listed by what it is nearer to"""


class ReadSample(Protocol):
    """How an uploaded file is come by."""

    def __call__(self, caller: Caller, file_id: int, /, *, purpose: str, field: str, limit: int) -> Awaitable[bytes]:
        """A file that the caller uploaded for the purpose, whole. Raises `InvalidField` of `field`."""
        ...


class Listen(Protocol):
    """How a recording is read."""

    def __call__(self, recording: bytes, /, *, rate: int, field: str, most_seconds: float) -> Awaitable[bytes]:
        """Mono little-endian float32 samples. Raises `InvalidField` of `field`."""
        ...


class Measure(Protocol):
    """How a recorded voice is measured."""

    def __call__(self, samples: bytes, /, *, language: str, field: str) -> Awaitable[Timbre]:
        """Its timbre. Raises `InvalidField` of `field`."""
        ...


Describe = Callable[[str, str], "tuple[Gender, Age, Sequence[str], Timbre] | None"]
"""A description, and the new voice's id, to what it says; None where it says nothing that is known."""


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """How recordings are come by and heard: what cloning needs besides a shelf. `rate` is in samples a second."""

    read: ReadSample
    listen: Listen
    measure: Measure
    rate: int


class VoiceMaker:
    """Makes voices and puts them on the shelf."""

    def __init__(self, *, shelf: Shelf, speech: SpeechService, recordings: Recordings, describe: Describe) -> None:
        self._shelf = shelf
        self._speech = speech
        self._cast = speech.cast
        self._recordings = recordings
        self._describe = describe

    async def clone(
        self, caller: Caller, voice_id: str, *, file_id: int, prompt_id: int | None, language: str | None
    ) -> OwnVoice:
        """A voice with the timbre that is measured in the recording, and in the short one beside it.

        Raises `InvalidField`, `SampleLength`, `DuplicateVoice`, `EngineError`.
        """
        self._cast.refuse_taken(voice_id)
        sample, digest = await self._heard(caller, file_id, purpose="voice_clone", field="file_id")
        seconds = len(sample) / 4 / self._recordings.rate
        if not SHORTEST_SAMPLE <= seconds <= LONGEST_SAMPLE:
            raise SampleLength("file_id", f"the recording must last from 10 seconds to 5 minutes, not {seconds:.1f} s")
        if prompt_id is not None:
            field = "clone_prompt.prompt_audio"
            prompt, _ = await self._heard(caller, prompt_id, purpose="prompt_audio", field=field)
            if (short := len(prompt) / 4 / self._recordings.rate) >= LONGEST_PROMPT:
                raise PromptLength(field, f"must last less than 8 seconds, not {short:.1f} s")
            sample = prompt + sample
        spoken = language or "zh"
        timbre = await self._recordings.measure(sample, language=spoken, field="file_id")
        return await self._shelf.keep(caller, _cloned(voice_id, timbre, spoken), OwnKind.CLONED, sample=digest)

    async def design(self, caller: Caller, description: str, *, field: str, voice_id: str | None) -> Voice:
        """A voice as described.

        Raises `InvalidField` of `field` where nothing of it is understood, `DuplicateVoice`.
        """
        made_id = voice_id or f"ttv-voice-{time.strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(4)}"
        self._cast.refuse_taken(made_id)
        found = self._describe(description, made_id)
        if found is None:
            rule = "says nothing that is understood here: name a gender, an age or a manner, such as `old man, calm`"
            raise InvalidField(field, rule)
        gender, age, styles, timbre = found
        voice = Voice(
            id=made_id,
            name_zh=made_id,
            name_en=made_id,
            language="zh",
            gender=gender,
            age=age,
            style=", ".join(styles),
            timbre=timbre,
        )
        await self._shelf.keep(caller, voice, OwnKind.DESIGNED)
        return voice

    async def blend(self, caller: Caller, voice_id: str, shares: Sequence[VoiceShare]) -> OwnVoice:
        """A blend under an id of its own. Raises as `save_blend`."""
        return await save_blend(voice_id, shares, cast=self._cast, shelf=self._shelf, caller=caller)

    async def delete(self, caller: Caller, voice_id: str, kind: OwnKind) -> OwnVoice:
        """Forget a voice. Raises `UnknownVoice`."""
        if gone := await self._shelf.delete(caller.group_id, voice_id, kind):
            return gone
        raise UnknownVoice("voice_id", voice_id)

    async def preview(self, account: Account, request: SpeechRequest) -> bytes:
        """What the request says, packed; the account knows what was spoken. Raises as `SpeechService.speak`."""
        async with aclosing(heard(self._speech.speak(request, account.caller), request, account)) as events:
            return b"".join([event.audio async for event in events if isinstance(event, SpeechAudio)])

    async def _heard(self, caller: Caller, file_id: int, *, purpose: str, field: str) -> tuple[bytes, bytes]:
        """The samples of a recording, and its digest."""
        recording = await self._recordings.read(caller, file_id, purpose=purpose, field=field, limit=SAMPLE_LIMIT)
        samples = await self._recordings.listen(
            recording, rate=self._recordings.rate, field=field, most_seconds=LONGEST_SAMPLE
        )
        return samples, hashlib.sha256(recording).digest()


def _cloned(voice_id: str, timbre: Timbre, language: str) -> Voice:
    woman = timbre.pitch > _WOMEN_FROM
    return Voice(
        id=voice_id,
        name_zh=voice_id,
        name_en=voice_id,
        language=language,
        gender=Gender.FEMALE if woman else Gender.MALE,
        age=Age.ADULT,
        style="",
        timbre=timbre,
    )
