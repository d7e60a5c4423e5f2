"""What a model writes, as events: here its text, without anybody's label and without white space at its ends."""

from collections.abc import Iterator
from typing import Protocol

from rhapsode.core.chat import ChatCall, ChatText
from rhapsode.engines.chat.cut import Cut
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.tidy import Tidy


class Reader(Protocol):
    """Reads one reply."""

    @property
    def begun(self) -> bool:
        """Whether something of the reply has come, be it held back still."""
        ...

    @property
    def done(self) -> bool:
        """Whether the reply is over, whatever comes."""
        ...

    def feed(self, piece: str) -> Iterator[ChatText | ChatCall]:
        """What is clear by now."""
        ...

    def finish(self) -> Iterator[ChatText | ChatCall]:
        """What was held back."""
        ...


class TextReader:
    """A reply that is text alone."""

    def __init__(self, labels: Labels) -> None:
        self._cut = Cut(labels)
        self._tidy = Tidy()
        self.begun = False

    @property
    def done(self) -> bool:
        """Of the protocol."""
        return self._cut.done

    def feed(self, piece: str) -> Iterator[ChatText | ChatCall]:
        """Of the protocol."""
        self.begun = self.begun or not (piece.isspace() or not piece)
        return self._show(self._cut.feed(piece))

    def finish(self) -> Iterator[ChatText | ChatCall]:
        """Of the protocol."""
        return self._show(self._cut.finish())

    def _show(self, piece: str) -> Iterator[ChatText | ChatCall]:
        if text := self._tidy.feed(piece):
            yield ChatText(text=text)
