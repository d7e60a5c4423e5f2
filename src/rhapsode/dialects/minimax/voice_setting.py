"""How to speak, in the shape that T2A v2 gave it: `voice_setting`, `audio_setting` and `timber_weights`.

Fields and ranges: the contract's section 3.4.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from rhapsode.core.errors import NotSupported
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechRequest
from rhapsode.dialects.json_body import require
from rhapsode.dialects.minimax.t2a import TimberWeights, read_voices

SPEECH_MODELS: Final = (
    "speech-01",
    "speech-02",
    "speech-01-240228",
    "speech-01-turbo",
    "speech-01-turbo-240228",
    "speech-01-hd",
    "speech-02-hd",
    "speech-02-turbo",
    "speech-2.5-hd-preview",
    "speech-2.5-turbo-preview",
    "speech-2.6-hd",
    "speech-2.6-turbo",
    "speech-2.8-hd",
    "speech-2.8-turbo",
)


class VoiceSetting(Struct, frozen=True):
    """The voice on the wire. The model has a place here where there is none beside it: in a chat."""

    model: str | None = None
    voice_id: str | None = None
    speed: Annotated[float, Meta(ge=0.5, le=2)] | None = None
    vol: Annotated[float, Meta(gt=0, le=10)] | None = None
    pitch: Annotated[int, Meta(ge=-12, le=12)] | None = None
    emotion: str | None = None
    text_normalization: bool | None = None
    english_normalization: bool | None = None
    latex_read: bool | None = None


class WireAudio(Struct, frozen=True):
    """The packing on the wire. At a low sample rate MP3 has no high bit rates: the nearest that it has is taken."""

    sample_rate: Literal[8000, 16000, 22050, 24000, 32000, 44100] | None = None
    bitrate: Literal[32000, 64000, 128000, 256000] | None = None
    format: Literal["mp3", "pcm", "flac", "wav"] | None = None
    channel: Literal[1, 2] | None = None


def read_voice(
    voice: VoiceSetting, audio: WireAudio | None, *, timber: TimberWeights | None, timbre: TimberWeights | None
) -> SpeechRequest:
    """How to speak, without anything to say. Raises `InvalidField`, `NotSupported`."""
    model = voice.model or SPEECH_MODELS[0]
    require(model in SPEECH_MODELS, "voice_setting.model", f"unknown model {model[:80]!r}")
    for name in ("emotion", "text_normalization", "english_normalization", "latex_read"):
        if getattr(voice, name):
            raise NotSupported(f"voice_setting.{name}")
    return SpeechRequest(
        model=model,
        script=(),
        voices=read_voices(voice.voice_id, timber, timbre, field="voice_setting.voice_id"),
        speed=voice.speed or 1.0,
        volume=voice.vol or 1.0,
        pitch=voice.pitch or 0,
        audio=_read_audio(audio or WireAudio()),
    )


def _read_audio(wire: WireAudio) -> AudioSetting:
    if wire.format not in {None, "mp3"}:
        raise NotSupported("audio_setting.format", f"{wire.format} is not supported by this server yet; mp3 is")
    if wire.channel == 2:  # noqa: PLR2004 - stereo
        raise NotSupported("audio_setting.channel", "2 is not supported by this server yet; 1 is")
    default = AudioSetting()
    return AudioSetting(
        format=AudioFormat.MP3,
        sample_rate=wire.sample_rate or default.sample_rate,
        bitrate=wire.bitrate or default.bitrate,
    )
