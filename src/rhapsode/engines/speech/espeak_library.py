"""libespeak-ng through ctypes: text in, the reference speaker's sound out.

libespeak-ng is GPL-3.0 and keeps one global state, so this module is imported by the worker process only.
"""

import ctypes
import importlib
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rhapsode.engines.speech.respell import respell

_RETRIEVE = 2
"""AUDIO_OUTPUT_SYNCHRONOUS: sound comes through the callback, within the call."""
_UTF8, _PHONEMES = 1, 0x100
"""the text's encoding, and that what stands in double brackets is phonemes"""
_RATE_PARAMETER, _VOLUME_PARAMETER = 1, 2
_WORDS_A_MINUTE = 195
"""about 4.8 Chinese syllables a second, pauses left out"""
_VOLUME = 60
"""of 100, at which the loudest vowels would clip"""
_GO_ON, _STOP = 0, 1


class EspeakFault(RuntimeError):
    """The library refused; the message says at what."""


class _Loader(Protocol):
    """What the untyped package `espeakng_loader` offers."""

    def get_library_path(self) -> str: ...
    def get_data_path(self) -> str: ...


class _Samples(Protocol):
    """A pointer to 16-bit samples; false where it is null."""

    def __bool__(self) -> bool: ...


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakLibrary:
    """The one reference speaker of this process. Not for more than one thread."""

    def __init__(self, voice: Path) -> None:
        """Raises `EspeakFault` where the library or its data does not load, or `voice` is no voice file."""
        loader = cast("_Loader", importlib.import_module("espeakng_loader"))
        self._library = ctypes.CDLL(loader.get_library_path())
        self.rate: int = self._library.espeak_Initialize(_RETRIEVE, 0, loader.get_data_path().encode(), 0)
        """samples a second"""
        if self.rate <= 0:
            raise EspeakFault("espeak-ng did not start: its data does not load")
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        with chdir(voice.parent):  # espeak-ng cuts a file's name after 59 bytes
            accepted = self._library.espeak_SetVoiceByFile(voice.name.encode()) == 0
        if not accepted:
            raise EspeakFault(f"espeak-ng did not accept the voice file {voice.name}")
        self._library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_A_MINUTE, 0)
        self._library.espeak_SetParameter(_VOLUME_PARAMETER, _VOLUME, 0)
        self._blocks: list[NDArray[np.int16]] = []
        self._stop: Callable[[], bool] = _never

    def speak(self, text: str, stop: Callable[[], bool]) -> NDArray[np.float64]:
        """The sound of `text`, within -1 to 1. `stop` is asked between buffers of some 60 ms; it cuts the sound there.

        What was spoken before makes no difference. `text` holds no control character; NUL would end it early.
        """
        self._blocks, self._stop = [], stop
        data = respell(text).encode("utf-8", "replace") + b"\0"
        if self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8 | _PHONEMES, None, None) != 0:
            raise EspeakFault("espeak-ng refused a text")
        if not self._blocks:
            return np.zeros(0)
        return np.concatenate(self._blocks).astype(np.float64) / 32768.0

    def _receive(self, samples: "_Samples", count: int, _events: object) -> int:
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(cast("ctypes.c_short", samples), (count,)).copy())
        return _STOP if self._stop() else _GO_ON


def _never() -> bool:
    return False
