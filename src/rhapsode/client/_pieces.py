"""A streamed answer without its transport: bytes in, pieces out, and the whole at the end."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from rhapsode.client._errors import CallError, ReplyCut
from rhapsode.client._transport import Answer
from rhapsode.dialects.sse import EventReader

PieceT = TypeVar("PieceT")
WholeT = TypeVar("WholeT")


class PieceReader(ABC, Generic[PieceT, WholeT]):
    """Gives pieces out in order, and a failure after every piece that arrived before it.

    A server may answer a call for a stream with one JSON document: an error, or the whole. That is read too. `head` is
    the answer without its body.
    """

    def __init__(self, head: Answer) -> None:
        self._head = head
        self._events = EventReader()
        self._start: list[bytes] = []
        self._is_document: bool | None = None
        self._pieces: list[PieceT] = []
        self._given = 0
        self._failure: CallError | None = None
        self._whole: WholeT | None = None

    @property
    def heard(self) -> Sequence[PieceT]:
        """What was given out so far."""
        return self._pieces[: self._given]

    @property
    def whole(self) -> WholeT | None:
        """The whole answer, once every piece of it was given out."""
        return self._whole if self._given == len(self._pieces) else None

    @property
    def broken(self) -> bool:
        """Whether the stream failed."""
        return self._failure is not None

    @property
    def needs_bytes(self) -> bool:
        """Whether only further bytes can tell what comes next."""
        return self._given == len(self._pieces) and not self._over

    def next_piece(self) -> PieceT | None:
        """The next piece; None at the end. Not to be called while `needs_bytes`. Raises CallError."""
        if self._given < len(self._pieces):
            self._given += 1
            return self._pieces[self._given - 1]
        self.check()
        return None

    def check(self) -> None:
        """Raise the failure when it is what comes next."""
        if self._failure is not None and self._given == len(self._pieces):
            raise self._failure

    def feed(self, block: bytes | None) -> None:
        """Take bytes as they came; None says that there are no more."""
        if block is None:
            self._finish()
        elif self._is_document:
            self._start.append(block)
        elif self._is_document is None:
            self._begin(block)
        else:
            self._take(self._events.feed(block))

    def fail(self, error: CallError) -> None:
        """The bytes ended with an error."""
        self._failure = error

    @abstractmethod
    def _read_event(self, data: bytes) -> None:
        """What an event holds: `_add` its piece, or `_end` with the whole. Raises CallError."""

    @abstractmethod
    def _read_document(self, body: bytes) -> None:
        """The same of a whole answer that came instead of events. Raises CallError."""

    def _add(self, piece: PieceT) -> None:
        if piece:
            self._pieces.append(piece)

    def _end(self, whole: WholeT) -> None:
        self._whole = whole

    @property
    def _over(self) -> bool:
        return self._whole is not None or self._failure is not None

    def _begin(self, block: bytes) -> None:
        """Tell events from a document by the first visible byte: servers are not to be trusted with the type."""
        self._start.append(block)
        start = b"".join(self._start)
        visible = start.lstrip()
        if visible:
            self._is_document = visible.startswith(b"{")
            if not self._is_document:
                self._take(self._events.feed(start))

    def _finish(self) -> None:
        if self._is_document:
            try:
                self._read_document(b"".join(self._start))
            except CallError as error:
                self._failure = error
        else:
            self._take(self._events.finish())
        if not self._over:
            self._failure = ReplyCut("the stream ended without its last event", trace_id=self._head.trace_id)

    def _take(self, events: Iterable[bytes]) -> None:
        for data in events:
            if self._over:  # what follows the last event is nobody's
                return
            try:
                self._read_event(data)
            except CallError as error:
                self._failure = error
                return
