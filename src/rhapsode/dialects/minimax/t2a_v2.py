"""T2A v2, requests: what a caller sends to `POST /v1/t2a_v2`. Fields and ranges: the contract's section 3.4."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
from msgspec import Struct

from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import AudioFormat, SpeechRequest
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.pause_marks import read_text, write_script
from rhapsode.dialects.minimax.voice_setting import (
    NO_WAV,
    SpeechBody,
    WireAudio,
    present,
    read_audio,
    read_speech,
    write_speech,
)

TEXT_LIMIT: Final = 10000
MOST_SILENCE: Final = 3600
"""seconds"""


class StreamOptions(Struct, frozen=True):
    """What a stream leaves out."""

    exclude_aggregated_audio: bool | None = None


class WireRequest(SpeechBody, frozen=True, kw_only=True):
    """The body. `subtitle` is how a client in use spells `subtitle_enable`."""

    text: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    audio_setting: WireAudio | None = None
    subtitle_enable: bool | None = None
    subtitle: bool | None = None
    output_format: Literal["hex", "url"] | None = None


@dataclass(frozen=True, kw_only=True)
class T2aV2Call:
    """What a call asks for. `aggregated`: the last event of a stream repeats all of the sound.

    `as_url`: the sound itself is not in the answer, but where it can be fetched.
    """

    request: SpeechRequest
    stream: bool = False
    aggregated: bool = True
    subtitles: bool = False
    as_url: bool = False


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_ENCODER: Final = msgspec.json.Encoder()


def read_request(body: bytes) -> T2aV2Call:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    stream = bool(wire.stream)
    audio = replace(read_audio(wire.audio_setting), streamed=stream)
    if stream:
        require(audio.format is not AudioFormat.WAV, "audio_setting.format", NO_WAV)
        if wire.output_format == "url":
            raise InvalidField("output_format", "url needs stream to be false: a stream is the sound itself")
    script = read_text(wire.text, most_characters=TEXT_LIMIT, most_silence=MOST_SILENCE)
    options = wire.stream_options or StreamOptions()
    return T2aV2Call(
        request=replace(read_speech(wire, audio), script=script),
        stream=stream,
        aggregated=not options.exclude_aggregated_audio,
        subtitles=bool(wire.subtitle_enable or wire.subtitle),
        as_url=wire.output_format == "url",
    )


def write_request(call: T2aV2Call) -> bytes:
    """The body that asks for `call`: `read_request` gives it back, where the platform has a name for its language."""
    request = call.request
    body = present(
        **write_speech(request),
        text=write_script(request.script),
        stream=call.stream or None,
        stream_options=None if call.aggregated else {"exclude_aggregated_audio": True},
        audio_setting={
            "sample_rate": request.audio.sample_rate,
            "bitrate": request.audio.bitrate,
            "format": request.audio.format,
            "channel": request.audio.channels,
        },
        subtitle_enable=call.subtitles or None,
        output_format="url" if call.as_url else None,
    )
    return _ENCODER.encode(body)
