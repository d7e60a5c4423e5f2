"""T2A v2, answers: whole, streamed and failed. Shapes and the rules of clients in use: the contract's section 3.4.

By construction, an event of a stream has `data` and no `extra_info`, and its `status` is 1; one more event comes after
the last sound, with `status` 2 and `extra_info`. The whole sound is written piece by piece, never copied as one.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.errors import InvalidField, RhapsodeError
from rhapsode.core.speech import SpeechEnd
from rhapsode.dialects.frame_around import FrameAround
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.extra_info import ExtraInfo, extra_info
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, check, status_of_v2
from rhapsode.dialects.minimax.t2a_v2 import T2aV2Call
from rhapsode.dialects.sse import frame

_GOES_ON, _FINISHED = 1, 2


class ReceivedSound(Struct, frozen=True):
    """The sound as another server sends it."""

    audio: str = ""
    status: int = _GOES_ON


class ReceivedInfo(Struct, frozen=True):
    """What another server says of it."""

    audio_format: str = ""


class ReceivedAnswer(Struct, frozen=True):
    """The answer of another server."""

    data: ReceivedSound | None = None
    extra_info: ReceivedInfo | None = None
    trace_id: str | None = None
    base_resp: BaseResp | None = None


_PLACE: Final = secrets.token_hex(16)
"""stands where the sound goes; no caller can have written it elsewhere"""
_PART: Final = 128 * 1024
"""bytes of sound that are written at a time: a WAV file is one piece, and minutes of it took a quarter of a second"""
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(ReceivedAnswer)


class Sound(Struct, frozen=True, omit_defaults=True):
    """The sound: hexadecimal, or where it can be fetched."""

    audio: str
    status: int
    ced: str
    subtitle_file: str = ""


class WireAnswer(Struct, frozen=True):
    """A whole answer, and the last event of a stream."""

    data: Sound
    extra_info: ExtraInfo
    trace_id: str
    base_resp: BaseResp


class Event(Struct, frozen=True):
    """An event of a stream but the last; of one that broke, the last too."""

    data: Sound
    trace_id: str
    base_resp: BaseResp


class WireError(Struct, frozen=True):
    """The answer to a call that failed."""

    data: None
    trace_id: str
    base_resp: BaseResp


def write_reply(
    call: T2aV2Call, pieces: Iterable[bytes], end: SpeechEnd, *, trace_id: str, subtitle_url: str = ""
) -> Iterator[bytes]:
    """A whole answer with its sound, in parts."""
    before, after = _around(_whole(call, _PLACE, end, trace_id, subtitle_url))
    yield before
    for piece in pieces:
        for place in range(0, len(piece), _PART):
            yield piece[place : place + _PART].hex().encode()
    yield after


def write_linked_reply(
    call: T2aV2Call, audio_url: str, end: SpeechEnd, *, trace_id: str, subtitle_url: str = ""
) -> bytes:
    """A whole answer that says where the sound is."""
    return _ENCODER.encode(_whole(call, audio_url, end, trace_id, subtitle_url))


def write_error(error: RhapsodeError, *, trace_id: str) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(WireError(None, trace_id, status_of_v2(error)))


def write_streamed_error(error: RhapsodeError, *, trace_id: str) -> bytes:
    """As `write_error`, for a caller that waits for events; also the last event of a stream that broke."""
    return frame(_ENCODER.encode(Event(Sound("", _FINISHED, ""), trace_id, status_of_v2(error))))


@dataclass(frozen=True, kw_only=True)
class T2aV2Reply:
    """A whole answer: the sound, and the format that it says it has, if it does."""

    audio: bytes
    audio_format: str
    trace_id: str | None


def read_reply(body: bytes, *, trace_id: str | None = None) -> T2aV2Reply:
    """A whole answer of another server, its sound within. Raises `StatusError`, `MalformedBody`, `InvalidField`."""
    wire = read_json(_DECODER, body)
    trace_id = wire.trace_id or trace_id
    check(wire.base_resp, trace_id)
    audio = _sound(wire)
    require(audio, "data.audio", "is empty")
    return T2aV2Reply(
        audio=audio, audio_format=wire.extra_info.audio_format if wire.extra_info else "", trace_id=trace_id
    )


@dataclass(frozen=True, kw_only=True)
class SoundPiece:
    """An event of a stream but the last."""

    audio: bytes


@dataclass(frozen=True, kw_only=True)
class SoundEnd:
    """The last event of a stream. `audio` is all of the sound again, or nothing."""

    audio: bytes
    audio_format: str
    trace_id: str | None


def read_event(data: bytes) -> SoundPiece | SoundEnd:
    """An event of another server. Raises `StatusError`, `MalformedBody`, `InvalidField`."""
    wire = read_json(_DECODER, data)
    check(wire.base_resp, wire.trace_id)
    audio = _sound(wire)
    if wire.extra_info is None and (wire.data is None or wire.data.status != _FINISHED):
        return SoundPiece(audio=audio)
    audio_format = wire.extra_info.audio_format if wire.extra_info else ""
    return SoundEnd(audio=audio, audio_format=audio_format, trace_id=wire.trace_id)


def _sound(wire: ReceivedAnswer) -> bytes:
    try:
        return bytes.fromhex(wire.data.audio if wire.data else "")
    except ValueError as error:
        raise InvalidField("data.audio", "must be hexadecimal") from error


class StreamWriter:
    """The events of one streamed answer. It keeps the sound where the last event is to repeat it."""

    def __init__(self, call: T2aV2Call, trace_id: str) -> None:
        self._call, self._trace_id = call, trace_id
        self._pieces: list[bytes] = []
        success = BaseResp(SUCCESS)
        self._event = FrameAround(
            lambda audio: frame(_ENCODER.encode(Event(Sound(audio, _GOES_ON, ""), trace_id, success)))
        )

    def write_audio(self, audio: bytes) -> bytes:
        """The event of a piece of the sound."""
        if self._call.aggregated:
            self._pieces.append(audio)
        return self._event.frame(audio.hex())

    def write_end(self, end: SpeechEnd, *, subtitle_url: str = "") -> Iterator[bytes]:
        """The last event, in parts."""
        yield b"data: "
        yield from write_reply(self._call, self._pieces, end, trace_id=self._trace_id, subtitle_url=subtitle_url)
        yield b"\n\n"


def _whole(call: T2aV2Call, audio: str, end: SpeechEnd, trace_id: str, subtitle_url: str) -> WireAnswer:
    return WireAnswer(
        data=Sound(audio, _FINISHED, "", subtitle_url),
        extra_info=extra_info(call.request.audio, end),
        trace_id=trace_id,
        base_resp=BaseResp(SUCCESS, "success"),
    )


def _around(answer: WireAnswer) -> tuple[bytes, bytes]:
    """What stands before the sound and behind it."""
    before, after = _ENCODER.encode(answer).split(_PLACE.encode())
    return before, after
