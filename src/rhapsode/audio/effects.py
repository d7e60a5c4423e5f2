"""Sound effects: the room or the device that speech goes through, as a stream."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from rhapsode.audio.echo import AuditoriumEcho, SpaciousEcho
from rhapsode.audio.pcm import Samples
from rhapsode.audio.resample import samples_of
from rhapsode.audio.robot import Robot
from rhapsode.audio.telephone import Telephone
from rhapsode.core.speech import Pcm, SoundEffect


class Process(Protocol):
    """What an effect does to one stream of one rate. How the stream was cut makes no difference, to the last bit."""

    def feed(self, samples: Samples, /) -> Samples:
        """What is ready."""
        ...

    def finish(self) -> Samples:
        """The rest, and what goes on sounding after it."""
        ...


PROCESSES: Final[Mapping[SoundEffect, Callable[[int], Process]]] = {
    SoundEffect.SPACIOUS_ECHO: SpaciousEcho,
    SoundEffect.AUDITORIUM_ECHO: AuditoriumEcho,
    SoundEffect.LOFI_TELEPHONE: Telephone,
    SoundEffect.ROBOTIC: Robot,
}
"""each is made for a rate"""


class Effect:
    """An effect on a stream of blocks, at whatever rate the first one has."""

    def __init__(self, effect: SoundEffect) -> None:
        self._open = PROCESSES[effect]
        self._process: Process | None = None
        self._rate = 0

    def feed(self, block: Pcm) -> Pcm:
        """What is ready, perhaps empty. Raises `ValueError` when the rate changes within the stream."""
        if self._process is None:
            self._rate = block.rate
            self._process = self._open(block.rate)
        if block.rate != self._rate:
            raise ValueError(f"a stream of {self._rate} samples a second went on with {block.rate}")
        return self._block(self._process.feed(samples_of(block)))

    def finish(self) -> Pcm | None:
        """The rest; None where there was no sound."""
        return None if self._process is None else self._block(self._process.finish())

    def _block(self, samples: Samples) -> Pcm:
        return Pcm(rate=self._rate, samples=samples.astype("<f4").tobytes())
