"""The seam of the audio formats."""

from typing import Protocol


class Packer(Protocol):
    """Packs one stream of little-endian 16-bit samples, of the rate and the channels it was opened for."""

    def pack(self, samples: bytes, /) -> bytes:
        """What is ready so far; often empty."""
        ...

    def finish(self) -> bytes:
        """The rest; nothing where nothing was packed. Nothing may be packed afterwards."""
        ...

    def close(self) -> None:
        """Free what is held, finished or not. Calling it again does nothing."""
        ...
