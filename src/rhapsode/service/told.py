"""What of a text has been told so far: when each stretch of it was spoken, and what the packed sound comes to."""

from rhapsode.core.speech import Mark, Pcm, SpeechAudio, SpeechEnd, Subtitle

_SAMPLE_BYTES = 4


class Told:
    """Follows one stream of sound, block by block."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._seconds = 0.0
        self._size = 0
        self._spoken = 0
        self._begun: list[tuple[float, Mark]] = []
        """when each stretch began, in seconds"""

    def hear(self, block: Pcm) -> None:
        """The engine has made this."""
        for mark in block.marks:
            self._begun.append((self._seconds + mark.at / block.rate, mark))
            self._spoken = max(self._spoken, mark.end)
        self._seconds += len(block.samples) / _SAMPLE_BYTES / block.rate

    def pack(self, audio: bytes) -> SpeechAudio:
        """The encoder has packed this."""
        self._size += len(audio)
        return SpeechAudio(audio=audio, spoken=self._spoken)

    def end(self) -> SpeechEnd:
        """All of it."""
        return SpeechEnd(milliseconds=round(1000 * self._seconds), size=self._size, subtitles=self._subtitles())

    def _subtitles(self) -> tuple[Subtitle, ...]:
        ends = [when for when, _ in self._begun[1:]] + [self._seconds]
        return tuple(
            Subtitle(text=self._text[mark.begin : mark.end], begin=round(1000 * when), end=round(1000 * end))
            for (when, mark), end in zip(self._begun, ends, strict=False)
        )
