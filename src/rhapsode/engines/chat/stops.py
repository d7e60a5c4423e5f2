"""A reply that ends before the first of a caller's stop strings, wherever the pieces were cut."""

from collections.abc import Sequence


class Stops:
    """One reply's filter. `done` is set once a stop string came: what follows is not shown."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.done = False

    def feed(self, piece: str) -> str:
        """What can be shown by now: what may be the beginning of a stop string is held back."""
        if not self._stops:
            return piece
        if self.done:
            return ""
        text = self._held + piece
        found = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if found:
            self.done = True
            return text[: min(found)]
        kept = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def finish(self) -> str:
        """What was held back, and was no stop string."""
        held, self._held = self._held, ""
        return "" if self.done else held


def _overlap(text: str, stop: str) -> int:
    """How much of the text's end is a beginning of the stop string."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
