"""The maker of callers' own voices, assembled: recordings from the files, measured by the engine, kept in the book."""

from collections.abc import Sequence
from importlib import import_module
from typing import cast

from anyio import to_thread

from rhapsode.core.caller import Caller
from rhapsode.core.errors import InvalidField
from rhapsode.core.voice import Age, Gender, Timbre
from rhapsode.engines.speech.meter import SAMPLE_RATE, measure_voice
from rhapsode.jobs.files import Files
from rhapsode.service.saved_blend import Shelf
from rhapsode.service.speech import SpeechService
from rhapsode.service.voice_maker import Listen, Recordings, VoiceMaker
from rhapsode.voices.describe import describe
from rhapsode.voices.rule import make_timbre


def make_voice_maker(*, speech: SpeechService, shelf: Shelf, files: Files) -> VoiceMaker:
    """Who makes the voices of one server."""

    async def read(caller: Caller, file_id: int, /, *, purpose: str, field: str, limit: int) -> bytes:
        file = await files.find(caller.group_id, file_id, field=field)
        if file.purpose != purpose:
            raise InvalidField(field, f"file {file_id} was uploaded for {file.purpose}, and not for {purpose}")
        if file.size > limit:
            raise InvalidField(field, f"a recording may have {limit // 2**20} MB, and this has {file.size} bytes")
        return await to_thread.run_sync(lambda: files.path(file).read_bytes())

    recordings = Recordings(read=read, listen=_decode, measure=measure_voice, rate=SAMPLE_RATE)
    return VoiceMaker(speech=speech, shelf=shelf, recordings=recordings, describe=_describe)


async def _decode(recording: bytes, /, *, rate: int, field: str, most_seconds: float) -> bytes:
    """As `rhapsode.audio.decode.decode`, which is imported when it is first needed: numpy and more come with it."""
    module = await to_thread.run_sync(import_module, "rhapsode.audio.decode")
    return await cast("Listen", module.decode)(recording, rate=rate, field=field, most_seconds=most_seconds)


def _describe(text: str, voice_id: str) -> tuple[Gender, Age, Sequence[str], Timbre] | None:
    """What is said, with an adult of neither gender where it is not; None where nothing is."""
    said = describe(text)
    if not said.says_something:
        return None
    gender, age = said.gender or Gender.NEUTRAL, said.age or Age.ADULT
    return gender, age, said.styles, make_timbre(gender, age, said.styles, seed=voice_id)
