"""libespeak-ng through ctypes: text in, the reference speaker's sound out, and where in it each word begins.

libespeak-ng is GPL-3.0 and keeps one global state, so this module is imported by the worker process only.
"""

import ctypes
import importlib
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rhapsode.engines.speech.tongue import Tongue, tongue
from rhapsode.engines.speech.words import Utterance

_RETRIEVE = 2
"""AUDIO_OUTPUT_SYNCHRONOUS: sound comes through the callback, within the call."""
_UTF8, _PHONEMES = 1, 0x100
"""the text's encoding, and that what stands in double brackets is phonemes"""
_RATE_PARAMETER, _VOLUME_PARAMETER = 1, 2
_WORDS_A_MINUTE = 195
"""about 4.8 Chinese and 5.9 English syllables a second, pauses left out"""
_VOLUME = 60
"""of 100, at which the loudest vowels would clip"""
_GO_ON, _STOP = 0, 1
_TRILLING, _TRILL, _BEATS = "af", "[[ara]]", 4
"""a language that trills, a trill in it, and how many ways there are for it to sound"""
_NO_EVENT, _WORD = 0, 1

# No flutter and no roughness: with either, what is spoken depends on what was spoken before.
_REFERENCE = "\npitch {low} {high}\nflutter 0\nroughness 0\n"


class EspeakFault(RuntimeError):
    """The library refused; the message says at what."""


class _Loader(Protocol):
    """What the untyped package `espeakng_loader` offers."""

    def get_library_path(self) -> str: ...
    def get_data_path(self) -> str: ...


class _Samples(Protocol):
    """A pointer to 16-bit samples; false where it is null."""

    def __bool__(self) -> bool: ...


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_int * 2),
    )
    type: int
    text_position: int
    sample: int


class _Events(Protocol):
    """A pointer to events; the last one's type is 0."""

    def __bool__(self) -> bool: ...
    def __getitem__(self, place: int, /) -> _Event: ...


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakLibrary:
    """The one reference speaker of this process, in every language. Not for more than one thread.

    One a process: a second one would take the library's data from under the first.
    """

    def __init__(self) -> None:
        """Raises `EspeakFault` where the library or its data does not load."""
        loader = cast("_Loader", importlib.import_module("espeakng_loader"))
        self._library = ctypes.CDLL(loader.get_library_path())
        data = loader.get_data_path()
        self.rate: int = self._library.espeak_Initialize(_RETRIEVE, 0, data.encode(), 0)
        """samples a second"""
        if self.rate <= 0:
            raise EspeakFault("espeak-ng did not start: its data does not load")
        self._files = Path(data) / "lang"
        self._tongue: Tongue | None = None
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._blocks: list[NDArray[np.int16]] = []
        self._words: list[tuple[int, int]] = []
        self._stop: Callable[[], bool] = _never
        self._turn_to(tongue(_TRILLING))
        self._aligned = min(self._synthesise(_TRILL, _never).tobytes() for _ in range(_BEATS))

    def speak(self, text: str, language: str, stop: Callable[[], bool]) -> Utterance:
        """`text` in a language (BCP 47). `stop` is asked between buffers of some 60 ms; it cuts the sound there.

        What was spoken before makes no difference. `text` holds no control character; NUL would end it early. What
        stands in double brackets is phonemes.
        """
        self._align()
        self._turn_to(tongue(language))
        samples = self._synthesise(text, stop)
        return Utterance(sound=samples.astype(np.float64) / 32768.0, words=tuple(self._words))

    def _align(self) -> None:
        """Have the next trill beat as it always does.

        espeak-ng (1.52) counts the periods of all that it ever said, and makes some of every four of a trill fainter:
        so trills are said until the count stands where it always does. With both changes of language, some 2 ms.
        """
        self._turn_to(tongue(_TRILLING))
        for _ in range(_BEATS):
            if self._synthesise(_TRILL, _never).tobytes() == self._aligned:
                return

    def _synthesise(self, text: str, stop: Callable[[], bool]) -> NDArray[np.int16]:
        self._blocks, self._words, self._stop = [], [], stop
        data = text.encode("utf-8", "replace") + b"\0"
        if self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8 | _PHONEMES, None, None) != 0:
            raise EspeakFault("espeak-ng refused a text")
        return np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)

    def _turn_to(self, wanted: Tongue) -> None:
        """Read another language's voice file, with the reference speaker's settings after its own: some 5 ms."""
        if wanted == self._tongue:
            return
        voice = (self._files / wanted.file).read_bytes()
        settings = _REFERENCE.format(low=wanted.low, high=wanted.high).encode()
        # espeak-ng cuts a file's name after 59 bytes.
        with TemporaryDirectory() as folder, chdir(folder):
            Path("reference").write_bytes(voice + settings)
            accepted = self._library.espeak_SetVoiceByFile(b"reference") == 0
        if not accepted:
            raise EspeakFault(f"espeak-ng did not accept the voice file {wanted.file}")
        self._library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_A_MINUTE, 0)
        self._library.espeak_SetParameter(_VOLUME_PARAMETER, _VOLUME, 0)
        self._tongue = wanted

    def _receive(self, samples: "_Samples", count: int, events: "_Events") -> int:
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(cast("ctypes.c_short", samples), (count,)).copy())
        place = 0
        while events and (event := events[place]).type != _NO_EVENT:
            if event.type == _WORD:
                self._words.append((event.sample, event.text_position - 1))
            place += 1
        return _STOP if self._stop() else _GO_ON


def _never() -> bool:
    return False
