"""A reply that is streamed, read: pieces of text, and the reply at the end."""

from dataclasses import replace

from rhapsode.client._calls import Call, read, read_reply, reply_of
from rhapsode.client._pieces import PieceReader
from rhapsode.client._replies import Reply
from rhapsode.client._transport import Answer
from rhapsode.dialects.minimax.chat_pro_reply import ProPiece, ProReply, read_event


class ReplyReader(PieceReader[str, Reply]):
    """Reads the answer to a call of `chat_call`."""

    def __init__(self, head: Answer, call: Call) -> None:
        super().__init__(head)
        self._call = call

    def _read_event(self, data: bytes) -> None:
        event = read(read_event, data, self._head)
        if isinstance(event, ProPiece):
            self._add(event.text)
        else:
            self._close(event)

    def _read_document(self, body: bytes) -> None:
        reply = read_reply(replace(self._head, body=body), self._call)
        self._add(reply.text)
        self._end(reply)

    def _close(self, event: ProReply) -> None:
        # The last event repeats the whole text. Should it hold more than came before, the rest is a piece of its own;
        # whatever else it holds, the reply is what the listener has heard.
        so_far = "".join(self._pieces)
        if event.text.startswith(so_far):
            self._add(event.text[len(so_far) :])
        self._end(replace(reply_of(event, self._call.speaker, self._head.trace_id), text="".join(self._pieces)))
