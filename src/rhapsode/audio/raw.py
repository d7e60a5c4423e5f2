"""Bare samples: 16 bits, little-endian, the channels in turn."""

from rhapsode.core.speech import AudioSetting


class RawPacker:
    """Nothing around them, so that any stretch of whole samples is sound."""

    def __init__(self, setting: AudioSetting) -> None:
        del setting

    def pack(self, samples: bytes) -> bytes:
        """The samples themselves."""
        return samples

    def finish(self) -> bytes:
        """Nothing is held back."""
        return b""

    def close(self) -> None:
        """Nothing is held."""
