"""One stream of sound to bytes: put through an effect, resampled, levelled, packed in the format that was asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from rhapsode.audio.packer import Packer
from rhapsode.core.errors import EngineMissing
from rhapsode.core.speech import AudioFormat, AudioSetting, Encoder, SoundEffect

PACKERS: Final[Mapping[AudioFormat, str]] = {
    AudioFormat.MP3: "rhapsode.audio.mp3:Mp3Packer",
    AudioFormat.WAV: "rhapsode.audio.wav:WavPacker",
    AudioFormat.PCM: "rhapsode.audio.raw:RawPacker",
    AudioFormat.FLAC: "rhapsode.audio.flac:FlacPacker",
    AudioFormat.AAC: "rhapsode.audio.aac:AacPacker",
}
"""what packs a format: imported when it is asked for"""

CEILING_DECIBELS: Final = -1.5
"""The highest true peak before packing. With what the estimate of it misses, 0.3 dB for speech at 8 kHz, and with what
packing adds, no player makes speech louder than -1 dB of full scale."""

LOSS_DECIBELS: Final[Mapping[AudioFormat, float]] = {AudioFormat.MP3: 0.5, AudioFormat.AAC: 3.0}
"""How much lower the ceiling is where packing loses detail, which changes peaks: with speech at 32 kbit/s, LAME adds up
to 0.8 dB to them, and ffmpeg's AAC up to 3.2."""


class _OpenPacker(Protocol):
    def __call__(self, setting: AudioSetting, /) -> Packer: ...


class _OpenEffect(Protocol):
    def __call__(self, effect: SoundEffect, /) -> object: ...


class _OpenLevelled(Protocol):
    def __call__(
        self, packer: Packer, /, *, setting: AudioSetting, gain: float, ceiling: float, effect: object
    ) -> Encoder: ...


def open_encoder(setting: AudioSetting, gain: float = 1.0, effect: SoundEffect | None = None) -> Encoder:
    """The encoder of one stream, of whatever rate the engine speaks at. `gain` is above 0 and never clips.

    It holds nothing that must be freed until it is first fed. Raises `EngineMissing` where the packages that it needs
    are not installed, `NotSupported` where the program is not that it packs with.
    """
    module, _, name = PACKERS[setting.format].partition(":")
    ceiling = 10 ** ((CEILING_DECIBELS - LOSS_DECIBELS.get(setting.format, 0.0)) / 20)
    try:
        open_packer = cast("_OpenPacker", getattr(import_module(module), name))
        open_levelled = cast("_OpenLevelled", import_module("rhapsode.audio.levelled").LevelledEncoder)
        open_effect = cast("_OpenEffect", import_module("rhapsode.audio.effects").Effect)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("rhapsode"):
            raise
        raise EngineMissing(f"audio needs the package {missing.name}: pip install 'rhapsode[server]'") from missing
    through = open_effect(effect) if effect else None
    return open_levelled(open_packer(setting), setting=setting, gain=gain, ceiling=ceiling, effect=through)
