"""A streamed reply without its transport: bytes in, pieces of text out, and the reply at the end."""

from collections.abc import Iterable
from dataclasses import replace

from rhapsode.client._calls import Call, read, read_reply, reply_of
from rhapsode.client._errors import CallError, ReplyCut
from rhapsode.client._replies import Reply
from rhapsode.client._transport import Answer
from rhapsode.dialects.minimax.chat_pro_reply import ProPiece, ProReply, read_event
from rhapsode.dialects.sse import EventReader


class PieceReader:
    """Gives pieces out in order, and a failure after every piece that arrived before it.

    A server may answer a call for a stream with one JSON document: an error, or the whole reply. That is read too.
    `head` is the answer without its body.
    """

    def __init__(self, head: Answer, call: Call) -> None:
        self._head = head
        self._call = call
        self._events = EventReader()
        self._start = b""
        self._is_document: bool | None = None
        self._pieces: list[str] = []
        self._given = 0
        self._failure: CallError | None = None
        self._reply: Reply | None = None

    @property
    def heard(self) -> str:
        """The text that was given out so far."""
        return "".join(self._pieces[: self._given])

    @property
    def reply(self) -> Reply | None:
        """The reply, once every piece of it was given out."""
        return self._reply if self._given == len(self._pieces) else None

    @property
    def broken(self) -> bool:
        """Whether the stream failed."""
        return self._failure is not None

    @property
    def needs_bytes(self) -> bool:
        """Whether only further bytes can tell what comes next."""
        return self._given == len(self._pieces) and not self._over

    def next_piece(self) -> str | None:
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
            self._start += block
        elif self._is_document is None:
            self._begin(block)
        else:
            self._take(self._events.feed(block))

    def fail(self, error: CallError) -> None:
        """The bytes ended with an error."""
        self._failure = error

    @property
    def _over(self) -> bool:
        return self._reply is not None or self._failure is not None

    def _begin(self, block: bytes) -> None:
        """Tell events from a document by the first visible byte: servers are not to be trusted with the type."""
        self._start += block
        visible = self._start.lstrip()
        if visible:
            self._is_document = visible.startswith(b"{")
            if not self._is_document:
                self._take(self._events.feed(self._start))

    def _finish(self) -> None:
        if self._is_document:
            self._take_document()
        else:
            self._take(self._events.finish())
        if not self._over:
            self._failure = ReplyCut("the stream ended without its last event", trace_id=self._head.trace_id)

    def _take(self, events: Iterable[bytes]) -> None:
        for data in events:
            if self._over:  # what follows the last event is nobody's
                return
            try:
                event = read(read_event, data, self._head)
            except CallError as error:
                self._failure = error
                return
            if isinstance(event, ProPiece):
                self._add(event.text)
            else:
                self._end(event)

    def _take_document(self) -> None:
        try:
            reply = read_reply(replace(self._head, body=self._start), self._call)
        except CallError as error:
            self._failure = error
        else:
            self._add(reply.text)
            self._reply = reply

    def _end(self, event: ProReply) -> None:
        # The last event repeats the whole text. Should it hold more than came before, the rest is a piece of its own;
        # whatever else it holds, the reply is what the listener has heard.
        so_far = "".join(self._pieces)
        if event.text.startswith(so_far):
            self._add(event.text[len(so_far) :])
        self._reply = replace(reply_of(event, self._call.speaker, self._head.trace_id), text="".join(self._pieces))

    def _add(self, text: str) -> None:
        if text:
            self._pieces.append(text)
