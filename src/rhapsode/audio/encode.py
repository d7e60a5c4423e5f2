"""One stream of sound to bytes: resampled, levelled, packed in the format that was asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from rhapsode.audio.packer import Packer
from rhapsode.core.errors import EngineMissing, NotSupported
from rhapsode.core.speech import AudioFormat, AudioSetting, Encoder, SoundEffect

PACKERS: Final[Mapping[AudioFormat, str]] = {
    AudioFormat.MP3: "rhapsode.audio.mp3:Mp3Packer",
}
"""what packs a format: imported when it is asked for"""


class _OpenPacker(Protocol):
    def __call__(self, setting: AudioSetting, /) -> Packer: ...


class _OpenLevelled(Protocol):
    def __call__(self, packer: Packer, /, *, rate: int, gain: float) -> Encoder: ...


def open_encoder(setting: AudioSetting, gain: float = 1.0, effect: SoundEffect | None = None) -> Encoder:
    """The encoder of one stream, of whatever rate the engine speaks at. `gain` is above 0 and never clips.

    Raises `EngineMissing` where the packages that it needs are not installed.
    """
    if effect is not None:
        raise NotSupported("voice_modify.sound_effects")
    module, _, name = PACKERS[setting.format].partition(":")
    try:
        open_packer = cast("_OpenPacker", getattr(import_module(module), name))
        open_levelled = cast("_OpenLevelled", import_module("rhapsode.audio.levelled").LevelledEncoder)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("rhapsode"):
            raise
        raise EngineMissing(f"audio needs the package {missing.name}: pip install 'rhapsode[server]'") from missing
    return open_levelled(open_packer(setting), rate=setting.sample_rate, gain=gain)
