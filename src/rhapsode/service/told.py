"""What of a text has been told so far: when each stretch of it was spoken, and what the packed sound comes to."""

from collections.abc import Sequence

from rhapsode.core.speech import Pause, Pcm, SpeechAudio, SpeechEnd
from rhapsode.service.subtitles import Begun, write_subtitles
from rhapsode.text.count import count

_SAMPLE_BYTES = 4


class Told:
    """Follows one stream of sound, block by block."""

    def __init__(self, script: Sequence[str | Pause]) -> None:
        self._script = script
        self._seconds = 0.0
        self._size = 0
        self._spoken = 0
        self._begun: list[Begun] = []

    def hear(self, block: Pcm) -> None:
        """The engine has made this."""
        for mark in block.marks:
            self._begun.append(Begun(self._seconds + mark.at / block.rate, mark.begin, mark.end))
            self._spoken = max(self._spoken, mark.end)
        self._seconds += len(block.samples) / _SAMPLE_BYTES / block.rate

    def pack(self, audio: bytes) -> SpeechAudio:
        """The encoder has packed this."""
        self._size += len(audio)
        return SpeechAudio(audio=audio, spoken=self._spoken, milliseconds=round(1000 * self._seconds))

    def end(self, seconds: float) -> SpeechEnd:
        """All of it; the packed sound is so long, the echo of the last word included."""
        return SpeechEnd(
            milliseconds=round(1000 * seconds),
            size=self._size,
            subtitles=write_subtitles(self._script, self._begun, self._seconds),
            count=count("".join(part for part in self._script if isinstance(part, str))),
        )
