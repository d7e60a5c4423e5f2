"""The reference speaker says the same thing the same way, and nothing that it is given reaches past it."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.timbre import REFERENCE_PITCH
from tests.engines.speech.conftest import SENTENCE, never
from tests.listening import decibels, median_pitch, pitches


def test_what_was_said_before_makes_no_difference(library: EspeakLibrary) -> None:
    first = library.speak(SENTENCE, never)
    for other in ("别的话", "some other words", "1234", "?!", "嗯"):
        library.speak(other, never)
        assert np.array_equal(library.speak(SENTENCE, never), first)


def test_speaks_chinese_and_english_in_one_breath(library: EspeakLibrary) -> None:
    chinese, english = library.speak("你好", never), library.speak("wonderful", never)
    both = library.speak("你好 wonderful", never)
    assert len(both) > 0.8 * (len(chinese) + len(english))


def test_speaks_half_way_between_men_and_women_with_room_for_the_tones(library: EspeakLibrary) -> None:
    sound = library.speak(SENTENCE + "妈妈骂马吗？她买了三本书。", never).astype(np.float32)
    assert median_pitch(sound, library.rate) == pytest.approx(REFERENCE_PITCH, rel=0.05)
    low, high = np.percentile(pitches(sound, library.rate), [2, 98])
    assert high / low > 1.5
    assert -25 < decibels(sound) < -18
    assert np.max(np.abs(sound)) < 0.9


def test_stops_when_told_to(library: EspeakLibrary) -> None:
    whole = library.speak(SENTENCE * 5, never)
    asked = iter([False, False, True])
    assert 0 < len(library.speak(SENTENCE * 5, lambda: next(asked, True))) < len(whole) / 5


@pytest.mark.parametrize("text", ["", " ", "。", "\ud800"])
def test_nothing_to_say_is_silence(library: EspeakLibrary, text: str) -> None:
    assert np.max(np.abs(library.speak(text, never)), initial=0.0) < 0.01


def test_a_file_that_is_no_voice_is_refused(tmp_path: Path) -> None:
    # In a process of its own: a second library would take the one global state from the first.
    script = (
        "import pathlib, sys; from rhapsode.engines.speech.espeak_library import EspeakLibrary as Library;"
        "Library(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "nobody"], check=False, capture_output=True, text=True
    )
    assert "EspeakFault: espeak-ng did not accept the voice file nobody" in done.stderr


def test_the_voice_file_may_lie_however_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    copy = deep / "reference.voice"
    copy.write_bytes((files("rhapsode.engines.speech") / "reference.voice").read_bytes())
    code = f"""
from pathlib import Path
from rhapsode.engines.speech.espeak_library import EspeakLibrary
print(len(EspeakLibrary(Path({str(copy)!r})).speak("你好", lambda: False)) > 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
