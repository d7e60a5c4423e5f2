"""The worker's inside, in the process of the tests."""

from functools import reduce

import numpy as np
import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.frames import Floats, Frames, join
from rhapsode.engines.speech.piece_job import PieceJob
from rhapsode.engines.speech.speaker import Speaker, audible
from rhapsode.engines.speech.world import analyse
from tests.listening import Samples

SENTENCE = "今天天气很好，我们一起去公园散步吧。"


def never() -> bool:
    return False


def taken_apart(sound: Floats, rate: int, *, frames_a_block: int = 10_000) -> Frames:
    """All frames of the sound."""
    return reduce(join, analyse(sound, rate, frames_a_block=frames_a_block))


def sounded(speaker: Speaker, job: PieceJob) -> Samples:
    """The whole sound of a piece."""
    return np.frombuffer(b"".join(block.samples for block in speaker.speak(job, never)), "<f4")


@pytest.fixture(scope="session")
def library() -> EspeakLibrary:
    return EspeakLibrary()


@pytest.fixture(scope="session")
def speaker(library: EspeakLibrary) -> Speaker:
    return Speaker(library)


@pytest.fixture(scope="session")
def spoken(library: EspeakLibrary) -> Floats:
    """The reference speaker's sentence."""
    sound = library.speak(SENTENCE, "zh", never).sound
    return sound[slice(*audible(sound))]


@pytest.fixture(scope="session")
def frames(spoken: Floats, library: EspeakLibrary) -> Frames:
    """The sentence taken apart."""
    return taken_apart(spoken, library.rate)
