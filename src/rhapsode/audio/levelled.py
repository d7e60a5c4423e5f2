"""The part of encoding that all formats share: rate, gain, 16 bits."""

from rhapsode.audio.packer import Packer
from rhapsode.audio.pcm import Limiter, Resampler, to_int16
from rhapsode.core.speech import Pcm


class LevelledEncoder:
    """An `Encoder` around the packer of a format. The gain comes after the resampling, which can raise a peak."""

    def __init__(self, packer: Packer, /, *, rate: int, gain: float) -> None:
        self._packer = packer
        self._resampler = Resampler(rate)
        self._limiter = Limiter(rate, gain)

    def feed(self, block: Pcm, /) -> bytes:
        """What is ready so far; often empty."""
        return self._packer.pack(to_int16(self._limiter.feed(self._resampler.feed(block))))

    def finish(self) -> bytes:
        """The rest."""
        rest = self._limiter.feed(self._resampler.finish())
        packed = self._packer.pack(to_int16(rest)) + self._packer.pack(to_int16(self._limiter.finish()))
        return packed + self._packer.finish()
