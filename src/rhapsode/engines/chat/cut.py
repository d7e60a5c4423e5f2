"""Where a reply ends because it begins to speak for somebody: at a line or a sentence with a label before it.

What may become a label is held back until it is clear that it is none.
"""

from itertools import takewhile
from typing import Final

from rhapsode.engines.chat.label import COLONS, LINE_ENDS, SENTENCE_ENDS, Labels, State

_OPENINGS: Final = LINE_ENDS | SENTENCE_ENDS | COLONS
"""behind which a label may stand: behind a colon too, where a model labels a line twice, `Guard: Ann: Halt!`"""
_ENDING: Final = SENTENCE_ENDS | frozenset("\"'”’」』")
"""what still belongs to the sentence before a label"""


class Cut:
    """One reply's filter, fed with all of it. `done` is set once a label came: what follows is nobody's."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._held = ""
        self._tries: list[tuple[int, State]] = [(0, labels.start)]
        """where in what is held a label may have begun, and how far it has come; the oldest first"""
        self.done = False

    def feed(self, piece: str) -> str:
        """What can be shown by now; often empty."""
        if not self._labels.start:
            return piece
        shown: list[str] = []
        for character in piece:
            if self.done:
                break
            if self._tries:
                self._held += character
                shown.append(self._follow(character))
            else:
                shown.append(character)
            if character in _OPENINGS:
                self._try(len(self._held), self._labels.start)
        return "".join(shown)

    def finish(self) -> str:
        """What was held back, and was no label."""
        held, self._held, self._tries = self._held, "", []
        return "" if self.done else held

    def _follow(self, character: str) -> str:
        """What can be shown with one more character, which is held already."""
        tries, self._tries = self._tries, []
        for start, state in tries:
            further = self._labels.step(state, character)
            if self._labels.is_label(further):
                self.done = True
                return self._held[:start] + "".join(takewhile(_ENDING.__contains__, self._held[start:]))
            if further:
                self._try(start, further)
        free = self._tries[0][0] if self._tries else len(self._held)
        shown, self._held = self._held[:free], self._held[free:]
        self._tries = [(start - free, state) for start, state in self._tries]
        return shown

    def _try(self, start: int, state: State) -> None:
        """Watch for a label from `start` on, unless an older one has come as far."""
        if all(state != known for _, known in self._tries):
            self._tries.append((start, state))
