"""How to speak, in the shapes that T2A v2 gave it, which its WebSocket, long texts and spoken chats share.

Fields and ranges: the contract's section 3.4. Unknown fields are ignored; an optional field that is null is absent.
"""

from dataclasses import replace
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from rhapsode.core.errors import NotSupported, UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, Emotion, Reading, SoundEffect, SpeechRequest
from rhapsode.core.speech import VoiceModify as Modify
from rhapsode.dialects.json_body import require
from rhapsode.dialects.minimax.language_boost import read_language, write_language
from rhapsode.dialects.minimax.pronunciation import read_reading, read_readings, write_reading
from rhapsode.dialects.minimax.timber_weights import TimberWeights, read_voices, write_voices

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

NO_WAV: Final = "wav says how long it is before it is, so it cannot be streamed: mp3, pcm and flac can"

EmotionName = Literal[
    "happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm", "neutral", "fluent", "whisper", ""
]
_Bent = Annotated[int, Meta(ge=-100, le=100)]


class VoiceSetting(Struct, frozen=True):
    """The voice on the wire. The model has a place here where there is none beside it: in a chat."""

    model: str | None = None
    voice_id: str | None = None
    speed: Annotated[float, Meta(ge=0.5, le=2)] | None = None
    vol: Annotated[float, Meta(gt=0, le=10)] | None = None
    pitch: Annotated[int, Meta(ge=-12, le=12)] | None = None
    emotion: EmotionName | None = None
    text_normalization: bool | None = None
    english_normalization: bool | None = None
    latex_read: bool | None = None


class WireAudio(Struct, frozen=True):
    """The packing on the wire. Only MP3 has bit rates, always constant; it takes the nearest that it has."""

    sample_rate: Literal[8000, 16000, 22050, 24000, 32000, 44100] | None = None
    bitrate: Literal[32000, 64000, 128000, 256000] | None = None
    format: Literal["mp3", "pcm", "flac", "wav"] | None = None
    channel: Literal[1, 2] | None = None
    force_cbr: bool | None = None


class VoiceModify(Struct, frozen=True):
    """A voice bent by hand."""

    pitch: _Bent | None = None
    intensity: _Bent | None = None
    timbre: _Bent | None = None
    sound_effects: Literal["spacious_echo", "auditorium_echo", "lofi_telephone", "robotic", ""] | None = None


class ToneEntry(Struct, frozen=True):
    """One reading, as a client in use writes it: what stands there, and how it is read."""

    text: str
    tone: str


class PronunciationDict(Struct, frozen=True):
    """Readings, each `text/reading`."""

    tone: list[str] | None = None


class SpeechBody(Struct, frozen=True, kw_only=True):
    """What every body of the v2 generation says of how to speak, but for the packing."""

    model: str
    voice_setting: VoiceSetting | None = None
    pronunciation_dict: PronunciationDict | list[ToneEntry] | None = None
    timber_weights: TimberWeights | None = None
    timbre_weights: TimberWeights | None = None
    language_boost: str | None = None
    voice_modify: VoiceModify | None = None
    text_normalization: bool | None = None
    english_normalization: bool | None = None
    aigc_watermark: bool | None = None


def read_speech(body: SpeechBody, audio: AudioSetting) -> SpeechRequest:
    """How to speak, without anything to say. Raises `UnknownModel`, `InvalidField`, `NotSupported`."""
    if body.model not in SPEECH_MODELS:
        raise UnknownModel(body.model)
    if body.aigc_watermark:
        raise NotSupported("aigc_watermark", "is not supported: this server marks no sound as made by a machine")
    voice = body.voice_setting or VoiceSetting()
    figures = (
        voice.text_normalization,
        voice.english_normalization,
        body.text_normalization,
        body.english_normalization,
    )
    return SpeechRequest(
        model=body.model,
        script=(),
        voices=read_voices(voice.voice_id, body.timber_weights, body.timbre_weights, field="voice_setting.voice_id"),
        speed=voice.speed or 1.0,
        volume=voice.vol or 1.0,
        pitch=voice.pitch or 0,
        emotion=_read_emotion(voice.emotion),
        modify=_read_modify(body.voice_modify or VoiceModify()),
        readings=_read_dict(body.pronunciation_dict),
        language=read_language(body.language_boost, "language_boost"),
        english_figures=any(figures),
        latex=bool(voice.latex_read),
        audio=audio,
    )


def write_speech(request: SpeechRequest) -> dict[str, object]:
    """The fields that say how to speak: `read_speech` gives it back, where the platform has a name for its language."""
    readings = request.readings
    voice_id, timber = write_voices(request.voices)
    return present(
        model=request.model,
        voice_setting=present(
            voice_id=voice_id or "",
            speed=request.speed,
            vol=request.volume,
            pitch=request.pitch,
            emotion=request.emotion,
            text_normalization=request.english_figures or None,
            latex_read=request.latex or None,
        ),
        pronunciation_dict={"tone": [write_reading(reading) for reading in readings]} if readings else None,
        timber_weights=timber,
        language_boost=write_language(request.language),
        voice_modify=_write_modify(request.modify),
    )


def present(**fields: object) -> dict[str, object]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def read_voice(
    voice: VoiceSetting, audio: WireAudio | None, *, timber: TimberWeights | None, timbre: TimberWeights | None
) -> SpeechRequest:
    """As `read_speech`, in a chat, which has these alone and is always heard while it is spoken."""
    model = voice.model or SPEECH_MODELS[0]
    require(model in SPEECH_MODELS, "voice_setting.model", f"unknown model {model[:80]!r}")
    body = SpeechBody(model=model, voice_setting=voice, timber_weights=timber, timbre_weights=timbre)
    return read_speech(body, replace(read_audio(audio), streamed=True))


def read_audio(wire: WireAudio | None) -> AudioSetting:
    """The packing; what is absent is as the platform has it: MP3, 32 kHz, 128 kbit/s, one channel."""
    setting = AudioSetting()
    if wire is None:
        return setting
    return replace(
        setting,
        format=setting.format if wire.format is None else AudioFormat(wire.format),
        sample_rate=wire.sample_rate or setting.sample_rate,
        bitrate=wire.bitrate or setting.bitrate,
        channels=wire.channel or setting.channels,
    )


def _read_emotion(name: EmotionName | None) -> Emotion | None:
    """`neutral` is what `calm` was called before."""
    return Emotion("calm" if name == "neutral" else name) if name else None


def _read_dict(wire: PronunciationDict | list[ToneEntry] | None) -> tuple[Reading, ...]:
    if isinstance(wire, list):
        return tuple(
            read_reading(f"{entry.text}/{entry.tone}", f"pronunciation_dict[{index}]")
            for index, entry in enumerate(wire)
        )
    return read_readings(wire and wire.tone, "pronunciation_dict.tone")


def _write_modify(modify: Modify) -> dict[str, object] | None:
    if modify == Modify():
        return None
    return present(pitch=modify.pitch, intensity=modify.intensity, timbre=modify.timbre, sound_effects=modify.effect)


def _read_modify(wire: VoiceModify) -> Modify:
    return Modify(
        pitch=wire.pitch or 0,
        intensity=wire.intensity or 0,
        timbre=wire.timbre or 0,
        effect=SoundEffect(wire.sound_effects) if wire.sound_effects else None,
    )
