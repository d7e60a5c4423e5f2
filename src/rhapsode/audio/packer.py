"""The seam of the audio formats."""

from typing import Protocol


class Packer(Protocol):
    """Packs one stream of little-endian 16-bit mono samples, of the rate it was opened for."""

    def pack(self, samples: bytes, /) -> bytes:
        """What is ready so far; often empty."""
        ...

    def finish(self) -> bytes:
        """The rest. Nothing may be packed afterwards."""
        ...
