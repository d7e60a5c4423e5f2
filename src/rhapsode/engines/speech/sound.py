"""Sound on its way out of an engine: cut into blocks, and silence made of them."""

from collections.abc import Iterator

from rhapsode.core.speech import Pcm

SAMPLE_BYTES = 4
_LONGEST = 0.4
"""seconds: what the protocol allows a block"""


def blocks(samples: bytes, rate: int) -> Iterator[bytes]:
    """The samples in order, in blocks of at most 0.4 s."""
    size = int(rate * _LONGEST) * SAMPLE_BYTES
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def silence(seconds: float, rate: int) -> Iterator[Pcm]:
    """Blocks of nothing."""
    for block in blocks(bytes(round(seconds * rate) * SAMPLE_BYTES), rate):
        yield Pcm(rate=rate, samples=block)
