"""T2A v2 over a WebSocket, `/ws/v1/t2a_v2`: events read, frames written. Events and codes: the contract's section 3.5.

A client sends `task_start`, any number of `task_continue` and `task_finish`, and hears of each in that order. What the
contract leaves open: a text that is empty, blanks aside, or too long is skipped, and answered by the one frame that
texts end with, `task_continued` with `is_final`, whose `base_resp` says why. Every other error is `task_failed`.
"""

from dataclasses import replace
from enum import IntEnum
from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.errors import RequestError, RhapsodeError
from rhapsode.core.speech import AudioFormat, AudioSetting, Pause, SpeechEnd, SpeechRequest
from rhapsode.dialects.frame_around import FrameAround
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.extra_info import ExtraInfo, extra_info
from rhapsode.dialects.minimax.pause_marks import read_script
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of_v2
from rhapsode.dialects.minimax.t2a_v2 import MOST_SILENCE, TEXT_LIMIT
from rhapsode.dialects.minimax.voice_setting import NO_WAV, SpeechBody, WireAudio, read_audio, read_speech

Script = tuple[str | Pause, ...]


class SocketCode(IntEnum):
    """The codes that there are nowhere else."""

    IDLE = 2201
    ILLEGAL_EVENT = 2202
    EMPTY_TEXT = 2203
    TEXT_TOO_LONG = 2204
    OVER_LIMIT = 2205


_WORDING: Final = {
    SocketCode.IDLE: "timeout disconnect",
    SocketCode.ILLEGAL_EVENT: "illegal event",
    SocketCode.EMPTY_TEXT: "empty text",
    SocketCode.TEXT_TOO_LONG: "text too long",
    SocketCode.OVER_LIMIT: "request over limit",
}
_SUCCESS: Final = BaseResp(SUCCESS, "success")


class SocketError(RequestError):
    """Something that only a connection can do wrong."""

    def __init__(self, code: SocketCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class TaskStart(Struct, frozen=True):
    """How all that follows is to be spoken: a request without anything to say."""

    request: SpeechRequest


class TaskContinue(Struct, frozen=True):
    """What is to be spoken next."""

    script: Script
    characters: int


class Skipped(Struct, frozen=True):
    """A text that is not spoken, and why."""

    why: SocketError


class TaskFinish(Struct, frozen=True):
    """That was all."""


Event = TaskStart | TaskContinue | Skipped | TaskFinish


class _Named(Struct, frozen=True):
    event: str


class _Start(SpeechBody, frozen=True, kw_only=True):
    audio_setting: WireAudio | None = None


class _Continue(Struct, frozen=True):
    text: str


_NAMED: Final = msgspec.json.Decoder(_Named)
_START: Final = msgspec.json.Decoder(_Start)
_CONTINUE: Final = msgspec.json.Decoder(_Continue)
_ENCODER: Final = msgspec.json.Encoder()


def read_event(frame: str) -> Event:
    """What a client says. Raises `MalformedBody`, `InvalidField`, `UnknownModel`, `NotSupported`, `SocketError`."""
    body = frame.encode("utf-8", "surrogatepass")
    name = read_json(_NAMED, body).event
    match name:
        case "task_start":
            wire = read_json(_START, body)
            audio = read_audio(wire.audio_setting)
            require(audio.format is not AudioFormat.WAV, "audio_setting.format", NO_WAV)
            return TaskStart(read_speech(wire, replace(audio, streamed=True)))
        case "task_continue":
            return _read_text(read_json(_CONTINUE, body).text)
        case "task_finish":
            return TaskFinish()
        case _:
            raise SocketError(SocketCode.ILLEGAL_EVENT, f"there is no event {name[:80]!r}")


def status_of_socket(error: RhapsodeError) -> BaseResp:
    """How an error of ours is told over a socket."""
    if isinstance(error, SocketError):
        return BaseResp(int(error.code), f"{_WORDING[error.code]}, {error.message}")
    return status_of_v2(error)


class Sound(Struct, frozen=True):
    """A piece of sound, hexadecimal."""

    audio: str


class Frame(Struct, frozen=True, omit_defaults=True):
    """What a client hears."""

    event: str
    session_id: str
    trace_id: str
    base_resp: BaseResp
    data: Sound | None = None
    is_final: bool | None = None
    extra_info: ExtraInfo | None = None


class FrameWriter:
    """The frames of one connection."""

    def __init__(self, session_id: str, trace_id: str) -> None:
        self._session_id, self._trace_id = session_id, trace_id
        self._piece = FrameAround(lambda audio: self._encode("task_continued", data=Sound(audio), is_final=False))

    def connected(self) -> str:
        """The connection stands."""
        return self._write("connected_success")

    def started(self) -> str:
        """What comes is spoken as was asked for."""
        return self._write("task_started")

    def audio(self, audio: bytes) -> str:
        """A piece of the sound of a text; one more frame comes after the last one."""
        return self._piece.frame(audio.hex()).decode()

    def end(self, audio: AudioSetting, end: SpeechEnd) -> str:
        """The last frame of a text, without sound."""
        info = extra_info(audio, end)
        return self._encode("task_continued", data=Sound(""), is_final=True, info=info).decode()

    def skipped(self, why: RhapsodeError) -> str:
        """The only frame of a text that is not spoken."""
        return self._encode("task_continued", status_of_socket(why), data=Sound(""), is_final=True).decode()

    def finished(self) -> str:
        """The last frame of all."""
        return self._write("task_finished")

    def failed(self, error: RhapsodeError) -> str:
        """The last frame of all, where something went wrong."""
        return self._write("task_failed", status_of_socket(error))

    def _write(self, event: str, base_resp: BaseResp = _SUCCESS) -> str:
        return self._encode(event, base_resp).decode()

    def _encode(
        self,
        event: str,
        base_resp: BaseResp = _SUCCESS,
        *,
        data: Sound | None = None,
        is_final: bool | None = None,
        info: ExtraInfo | None = None,
    ) -> bytes:
        frame = Frame(event, self._session_id, self._trace_id, base_resp, data, is_final, info)
        return _ENCODER.encode(frame)


def _read_text(text: str) -> TaskContinue | Skipped:
    """A text of any length, or with nothing to speak in it: it may be a piece of a longer one."""
    if not text.strip():
        return Skipped(SocketError(SocketCode.EMPTY_TEXT, "there is nothing to speak; the text was skipped"))
    if len(text) > TEXT_LIMIT:
        why = f"a text must have fewer than {TEXT_LIMIT + 1} characters, not {len(text)}; the text was skipped"
        return Skipped(SocketError(SocketCode.TEXT_TOO_LONG, why))
    speakable = "<#" in text or any(map(str.isalnum, text))
    return TaskContinue(read_script(text, most_silence=MOST_SILENCE) if speakable else (text,), len(text))
