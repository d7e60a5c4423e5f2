"""Speech in OpenAI's shape: `POST /v1/audio/speech`, read and written.

Shapes: https://platform.openai.com/docs/api-reference/audio/createSpeech. Sound has 24,000 samples a second and one
channel, as OpenAI's has: clients that ask for pcm rely on it.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField, NotSupported, UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechEnd, SpeechRequest
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.voice_setting import SPEECH_MODELS
from rhapsode.dialects.openai.speech_instructions import read_emotion
from rhapsode.dialects.openai.speech_voice import WireVoice, read_voices
from rhapsode.dialects.sse import frame

MODELS: Final = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", *SPEECH_MODELS)
"""OpenAI's names and the platform's: one engine serves them all."""
TEXT_LIMIT: Final = 4096
SAMPLE_RATE: Final = 24000
CONTENT_TYPES: Final[Mapping[AudioFormat, str]] = {
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.WAV: "audio/wav",
    AudioFormat.PCM: "audio/pcm",
    AudioFormat.FLAC: "audio/flac",
    AudioFormat.AAC: "audio/aac",
}

_FIELDS: Final = {"text": "input", "output_format": "response_format"}
"""what the platform calls a field, and OpenAI"""
_SLOWEST, _QUICKEST = 0.5, 2.0


class WireRequest(Struct, frozen=True):
    """The body."""

    model: str
    input: Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]
    voice: WireVoice
    instructions: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = None
    speed: float | None = None
    stream_format: Literal["audio", "sse"] | None = None


class Delta(Struct, frozen=True, tag="speech.audio.delta", tag_field="type"):
    """A piece of the sound, in base64."""

    audio: str


class Usage(Struct, frozen=True):
    """What was used. There are no tokens here: it is what is billed, a Chinese character counting two."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class Done(Struct, frozen=True, tag="speech.audio.done", tag_field="type"):
    """The last event."""

    usage: Usage


@dataclass(frozen=True, kw_only=True)
class SpeechCall:
    """What a call asks for. `as_events`: the sound comes in events, and not by itself."""

    request: SpeechRequest
    as_events: bool = False


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_ENCODER: Final = msgspec.json.Encoder()


def read_request(body: bytes) -> SpeechCall:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    if wire.model not in MODELS:
        raise UnknownModel(wire.model)
    if wire.response_format == "opus":
        raise NotSupported("response_format", "opus is not supported: mp3, aac, flac, wav and pcm are")
    require(any(map(str.isalnum, wire.input)), "input", "must hold something that can be spoken")
    speed = 1.0 if wire.speed is None else wire.speed
    require(_SLOWEST <= speed <= _QUICKEST, "speed", f"must be from {_SLOWEST:g} to {_QUICKEST:g} on this server")
    request = SpeechRequest(
        model=wire.model,
        script=(wire.input,),
        voices=read_voices(wire.voice),
        speed=speed,
        emotion=read_emotion(wire.instructions),
        audio=AudioSetting(format=AudioFormat(wire.response_format or "mp3"), sample_rate=SAMPLE_RATE, streamed=True),
    )
    return SpeechCall(request=request, as_events=wire.stream_format == "sse")


def write_audio(audio: bytes) -> bytes:
    """The event of a piece of the sound."""
    return frame(_ENCODER.encode(Delta(b64encode(audio).decode())))


def write_end(end: SpeechEnd) -> bytes:
    """The last event."""
    used = end.count.characters
    return frame(_ENCODER.encode(Done(Usage(used, 0, used))))


def in_its_words(error: InvalidField) -> InvalidField:
    """The same error, told of the field as OpenAI calls it."""
    if error.field not in _FIELDS:
        return error
    kind = NotSupported if isinstance(error, NotSupported) else InvalidField
    return kind(_FIELDS[error.field], error.rule)
