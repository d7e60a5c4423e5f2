"""The worker's inside, in the process of the tests."""

from functools import reduce
from importlib.resources import as_file, files

import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.frames import Floats, Frames, join
from rhapsode.engines.speech.speaker import Speaker, audible
from rhapsode.engines.speech.world import analyse

SENTENCE = "今天天气很好，我们一起去公园散步吧。"


def never() -> bool:
    return False


def taken_apart(sound: Floats, rate: int, *, frames_a_block: int = 10_000) -> Frames:
    """All frames of the sound."""
    return reduce(join, analyse(sound, rate, frames_a_block=frames_a_block))


@pytest.fixture(scope="session")
def library() -> EspeakLibrary:
    with as_file(files("rhapsode.engines.speech") / "reference.voice") as voice:
        return EspeakLibrary(voice)


@pytest.fixture(scope="session")
def speaker(library: EspeakLibrary) -> Speaker:
    return Speaker(library)


@pytest.fixture(scope="session")
def spoken(library: EspeakLibrary) -> Floats:
    """The reference speaker's sentence."""
    return audible(library.speak(SENTENCE, never))


@pytest.fixture(scope="session")
def frames(spoken: Floats, library: EspeakLibrary) -> Frames:
    """The sentence taken apart."""
    return taken_apart(spoken, library.rate)
