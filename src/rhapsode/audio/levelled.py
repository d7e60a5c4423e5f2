"""The part of encoding that all formats share: sound effect, rate, gain, 16 bits, channels."""

from rhapsode.audio.effects import Effect
from rhapsode.audio.limiter import Limiter
from rhapsode.audio.packer import Packer
from rhapsode.audio.pcm import Samples, to_int16
from rhapsode.audio.resample import Resampler
from rhapsode.core.speech import AudioSetting, Pcm


class LevelledEncoder:
    """An `Encoder` around the packer of a format. The gain comes after the resampling, which can raise a peak."""

    def __init__(
        self, packer: Packer, /, *, setting: AudioSetting, gain: float, ceiling: float, effect: Effect | None
    ) -> None:
        self._packer = packer
        self._setting = setting
        self._effect = effect
        self._resampler = Resampler(setting.sample_rate)
        self._limiter = Limiter(setting.sample_rate, gain, ceiling)
        self._samples = 0

    @property
    def seconds(self) -> float:
        """How long the sound is that was packed, the tail of an effect included."""
        return self._samples / self._setting.sample_rate

    def feed(self, block: Pcm, /) -> bytes:
        """What is ready so far; often empty."""
        heard = block if self._effect is None else self._effect.feed(block)
        return self._pack(self._limiter.feed(self._resampler.feed(heard)))

    def finish(self) -> bytes:
        """The rest."""
        packed = b""
        if self._effect is not None and (tail := self._effect.finish()) is not None:
            packed = self._pack(self._limiter.feed(self._resampler.feed(tail)))
        packed += self._pack(self._limiter.feed(self._resampler.finish()))
        packed += self._pack(self._limiter.finish())
        return packed + self._packer.finish()

    def close(self) -> None:
        """Free what is held."""
        self._packer.close()

    def _pack(self, samples: Samples) -> bytes:
        self._samples += len(samples)
        return self._packer.pack(to_int16(samples, self._setting.channels))
