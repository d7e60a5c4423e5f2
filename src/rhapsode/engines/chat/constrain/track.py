"""A slot as the model writes it: what it holds so far, and whether it has ended."""

from typing import Final

from rhapsode.engines.chat.constrain.slot import Slot
from rhapsode.engines.chat.constrain.stop import StopPattern

_BROKEN: Final = "\ufffd"
"""llama.cpp's sign for a character that the token limit cut"""


class Track:
    """One slot. `lead` is what the grammar has the model write before it."""

    def __init__(self, slot: Slot, *, lead: str) -> None:
        self._slot = slot
        self._lead = lead
        self._blank = ""  # before the first word of a slot without a pattern
        self._state: int | None = 0
        self._may_end = [slot.holds.accepts(0)]  # at each length
        self._endings: list[tuple[int, int]] = []  # where an ending may have begun, and its state
        self._length: int | None = None  # of the slot, once it has ended
        self.came = ""
        """all that came, but the lead and a blank before the first word"""

    @property
    def ended(self) -> bool:
        """Whether what has come shows the end of the slot."""
        return self._length is not None

    @property
    def can_be_cut(self) -> bool:
        """Whether some beginning of the text may stand alone in the slot."""
        return any(self._may_end)

    def feed(self, piece: str) -> None:
        """What the model wrote next."""
        for character in piece.replace(_BROKEN, ""):
            if self._lead and character == self._lead:
                self._lead = ""
            elif self._slot.free and not self.came and character == " ":
                self._blank = " " if self._slot.keeps_blank else ""
            elif self._length is None:
                self._lead = ""
                self._take(character)
        if self._slot.stop is not None and (stopped := self._stopped_at(self._slot.stop)) is not None:
            self._length = stopped

    def text(self) -> str:
        """What the slot holds: all of it, or where it was cut, the longest beginning that may stand alone.

        Where no beginning may, it is what has come.
        """
        length = self._length
        if length is None:
            length = max((at for at, may_end in enumerate(self._may_end) if may_end), default=len(self.came))
        text = self.came[:length]
        return (self._blank + text).rstrip() if self._slot.free else text

    def _stopped_at(self, stop: StopPattern) -> int | None:
        """Where the first match begins before which the slot may end."""
        text = self.came[: self._length]  # also of a slot that nothing can follow
        found = stop.search(text)
        while found is not None and not (self._slot.free or self._may_end_at(found.start())):
            found = stop.search(text, found.start() + 1)
        return None if found is None else found.start()

    def _may_end_at(self, length: int) -> bool:
        return length < len(self._may_end) and self._may_end[length]

    def _take(self, character: str) -> None:
        at = len(self.came)
        self.came += character
        self._end_before(at, character)
        if self._length is not None or self._state is None:
            return
        self._state = self._slot.holds.step(self._state, character)
        if self._state is not None:
            self._may_end.append(self._slot.holds.accepts(self._state))
            if self._may_end[-1] and self._slot.holds.is_last(self._state):
                self._length = at + 1

    def _end_before(self, at: int, character: str) -> None:
        """Ends the slot where what follows it is there."""
        ending = self._slot.ending
        if ending is None:
            return
        if self._may_end_at(at):
            self._endings.append((at, 0))
        going: list[tuple[int, int]] = []
        for start, state in self._endings:
            after = ending.step(state, character)
            if after is not None and ending.accepts(after):
                self._length = start
                return
            if after is not None:
                going.append((start, after))
        self._endings = going
