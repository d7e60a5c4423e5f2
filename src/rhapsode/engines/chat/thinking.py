"""Thoughts that a model writes into its reply, before it: `<think> ... </think>`, as many open models do."""

from typing import Final

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


class Thinking:
    """One reply's filter. A reply that does not begin with the mark has no thoughts in it."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._over = False

    def feed(self, piece: str) -> tuple[str, str]:
        """What is thought, and what is said; both often empty."""
        if self._over:
            return "", piece
        self._held += piece
        if not self._inside:
            begun = self._held.lstrip()
            if not begun.startswith(_OPEN):
                return ("", "") if _OPEN.startswith(begun) else self._say()
            self._inside, self._held = True, begun.removeprefix(_OPEN)
        thought, closed, said = self._held.partition(_CLOSE)
        if closed:
            self._over, self._held = True, ""
            return thought, said
        kept = next((size for size in range(len(_CLOSE) - 1, 0, -1) if thought.endswith(_CLOSE[:size])), 0)
        self._held = thought[len(thought) - kept :]
        return thought[: len(thought) - kept], ""

    def finish(self) -> tuple[str, str]:
        """What was held back, once the reply is over."""
        held, self._held = self._held, ""
        return (held, "") if self._inside else ("", held)

    def _say(self) -> tuple[str, str]:
        self._over, said = True, self._held
        self._held = ""
        return "", said
