"""What the bodies of the first three speech endpoints have in common: T2A, T2A Pro and T2A Stream.

Fields and ranges: the contract's sections 2, 3.1 and 3.3.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from rhapsode.core.errors import UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechRequest
from rhapsode.dialects.minimax.pause_marks import MOST_SILENCE, read_text
from rhapsode.dialects.minimax.pronunciation import read_readings
from rhapsode.dialects.minimax.timber_weights import TimberWeights, read_voices

MODELS: Final = ("speech-01", "speech-02")
TEXT_LIMIT: Final = 500
"""A short text has fewer characters than this, pause marks included."""


class T2aBody(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The fields of all three."""

    model: str
    text: str
    voice_id: str | None = None
    timber_weights: TimberWeights | None = None
    timbre_weights: TimberWeights | None = None
    speed: Annotated[float, Meta(ge=0.5, le=2)] | None = None
    vol: Annotated[float, Meta(gt=0, le=10)] | None = None
    pitch: Annotated[int, Meta(ge=-12, le=12)] | None = None
    char_to_pitch: list[str] | None = None


class PackedBody(T2aBody, frozen=True, omit_defaults=True, kw_only=True):
    """The fields of the later two, which say how the sound is packed. The platform's pages call them required."""

    audio_sample_rate: Literal[8000, 16000, 22050, 24000, 32000, 44100] | None = None
    bitrate: Literal[32000, 64000, 128000, 256000] | None = None

    def packing(self, audio_format: AudioFormat) -> AudioSetting:
        """The packing; what is absent is as the platform has it: 32 kHz, 128 kbit/s."""
        setting = AudioSetting()
        return AudioSetting(
            format=audio_format,
            sample_rate=self.audio_sample_rate or setting.sample_rate,
            bitrate=self.bitrate or setting.bitrate,
        )


def read_speech(
    wire: T2aBody, audio: AudioSetting, *, most_characters: int = TEXT_LIMIT - 1, most_silence: int = MOST_SILENCE
) -> SpeechRequest:
    """What the body asks for. Raises `InvalidField`, `UnknownModel`."""
    if wire.model not in MODELS:
        raise UnknownModel(wire.model)
    return SpeechRequest(
        model=wire.model,
        script=read_text(wire.text, most_characters=most_characters, most_silence=most_silence),
        voices=read_voices(wire.voice_id, wire.timber_weights, wire.timbre_weights),
        speed=1.0 if wire.speed is None else wire.speed,
        volume=1.0 if wire.vol is None else wire.vol,
        pitch=wire.pitch or 0,
        readings=read_readings(wire.char_to_pitch, "char_to_pitch"),
        audio=audio,
    )
