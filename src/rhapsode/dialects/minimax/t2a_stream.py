"""T2A Stream: `POST /v1/tts/stream`, read and written. Fields and events: the contract's section 3.3.

An event has the sound of one half sentence or of a few: as many as the engine says in one breath. The last event has
`extra_info` and no sound, because the platform's own sample skips events that have it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

import msgspec
from msgspec import Struct

from rhapsode.core.errors import RhapsodeError
from rhapsode.core.speech import AudioFormat, SpeechAudio, SpeechEnd, SpeechRequest
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.extra_info import ExtraInfo, extra_info
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of
from rhapsode.dialects.minimax.t2a_body import PackedBody, read_speech
from rhapsode.dialects.sse import frame

_GOES_ON, _FINISHED = 1, 2
_HALF_SENTENCE: Final = re.compile(r"[，；。？…,.?]+")


class WireRequest(PackedBody, frozen=True, omit_defaults=True, kw_only=True):
    """The body."""

    format: Literal["mp3", "pcm", "flac"] | None = None


class Sound(Struct, frozen=True):
    """The sound of an event, hexadecimal; `ced` is how many bytes of text, in UTF-8, are spoken with it."""

    audio: str
    status: int
    ced: str


class Event(Struct, frozen=True, omit_defaults=True):
    """One event."""

    data: Sound
    trace_id: str
    base_resp: BaseResp
    extra_info: ExtraInfo | None = None


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_ENCODER: Final = msgspec.json.Encoder()


def read_request(body: bytes) -> SpeechRequest:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`."""
    wire = read_json(_DECODER, body)
    return read_speech(wire, replace(wire.packing(AudioFormat(wire.format or "mp3")), streamed=True))


def write_error(error: RhapsodeError, *, trace_id: str) -> bytes:
    """The one event of a call that failed, or the last of a stream that broke. It has `data`: clients look into it."""
    return frame(_ENCODER.encode(Event(Sound("", _FINISHED, ""), trace_id, status_of(error))))


class StreamWriter:
    """The events of one answer."""

    def __init__(self, request: SpeechRequest, trace_id: str) -> None:
        self._request, self._trace_id = request, trace_id
        self._text = request.text
        self._ends = [found.end() for found in _HALF_SENTENCE.finditer(self._text)] + [len(self._text)]
        self._waiting: list[bytes] = []
        self._told = 0
        """how many characters the events so far have spoken"""

    def write_audio(self, piece: SpeechAudio) -> bytes:
        """The event of the half sentences that are over, if any; this piece is of the next."""
        over = max((end for end in self._ends if end < piece.spoken), default=0)
        event = self._write(over) if self._waiting and over > self._told else b""
        self._waiting.append(piece.audio)
        return event

    def write_end(self, end: SpeechEnd) -> Iterator[bytes]:
        """The last two events."""
        if self._waiting:
            yield self._write(len(self._text))
        last = Sound("", _FINISHED, self._bytes(len(self._text)))
        info = extra_info(self._request.audio, end)
        yield frame(_ENCODER.encode(Event(last, self._trace_id, BaseResp(SUCCESS, "success"), info)))

    def _write(self, until: int) -> bytes:
        audio, self._waiting = b"".join(self._waiting).hex(), []
        self._told = until
        sound = Sound(audio, _GOES_ON, self._bytes(until))
        return frame(_ENCODER.encode(Event(sound, self._trace_id, BaseResp(SUCCESS, "success"))))

    def _bytes(self, until: int) -> str:
        return str(len(self._text[:until].encode("utf-8", "surrogatepass")))
