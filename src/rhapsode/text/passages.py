"""A long text cut into passages of a few sentences, for work that may be broken off between two of them.

Nothing is lost, and spoken one after the other they are what the text would be when spoken at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rhapsode.core.speech import Pause
from rhapsode.text.located import Located, locate_pieces
from rhapsode.text.pieces import REST_SENTENCE

PASSAGE: Final = 300
"""characters after which a passage ends with its sentence; at twice as many it ends with its clause"""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """`script` begins and ends with text; its text stands in the whole text from `begin` on.

    `rest` is the silence before it, in seconds at the voice's natural pace; None before the first. `pause` is what
    silence the caller asked for there instead, in milliseconds.
    """

    script: tuple[str | Pause, ...]
    begin: int
    rest: float | None
    pause: int


def cut_passages(script: Sequence[str | Pause]) -> Iterator[Passage]:
    """The passages in order; none where nothing can be spoken."""
    held = _Held()
    before = 0
    for part in script:
        if isinstance(part, Pause):
            held.pause(part)
            continue
        for located in locate_pieces(part):
            if held.is_full:
                yield held.take()
            held.add(part, located, before)
        held.end_text(part)
        before += len(part)
    if held.characters:
        yield held.take()


class _Held:
    """The passage that is being gathered, and what silence is due before the next piece."""

    def __init__(self) -> None:
        self.characters = 0
        self._parts: list[str | Pause] = []
        self._span: tuple[str, int, int] | None = None
        """of the text that is being gathered: the text, and where the pieces so far begin and end in it"""
        self._begin = 0
        self._due: tuple[float | None, int] = (None, 0)
        """the rest and the pause before this passage"""
        self._rest: float | None = None
        self._pause: Pause | None = None

    @property
    def is_full(self) -> bool:
        """Whether the next piece should begin a passage."""
        full = PASSAGE if self._pause or self._rest == REST_SENTENCE else 2 * PASSAGE
        return self.characters >= full

    def pause(self, pause: Pause) -> None:
        """A pause comes next."""
        self._pause = pause

    def add(self, text: str, located: Located, before: int) -> None:
        """A piece of `text` comes next, with so many characters of the whole text before `text`."""
        piece, begin, end = located
        if not self.characters:
            self._begin = before + begin
            self._due = (0.0, self._pause.milliseconds) if self._pause else (self._rest, 0)
        elif self._pause:
            self._parts.append(self._pause)
        self._span = (text, self._span[1] if self._span else begin, end)
        self._rest, self._pause = piece.rest, None
        self.characters += end - begin

    def end_text(self, text: str) -> None:
        """No more pieces of this text: what signs there are left belong to the last."""
        if self._span:
            self._parts.append(text[self._span[1] :])
            self._span = None

    def take(self) -> Passage:
        """The passage; the next one begins."""
        if self._span:
            text, begin, end = self._span
            self._parts.append(text[begin:end])
            self._span = None
        rest, pause = self._due
        passage = Passage(script=tuple(self._parts), begin=self._begin, rest=rest, pause=pause)
        self._parts, self.characters = [], 0
        return passage
