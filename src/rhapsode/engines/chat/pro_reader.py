"""What another server says over ChatCompletion Pro, as the events of a reply."""

from collections.abc import Sequence
from typing import Final

from rhapsode.core.chat import ChatCall, ChatEnd, ChatEvent, ChatText, ChatUsage, Finish
from rhapsode.core.errors import RequestError
from rhapsode.core.usage import counted
from rhapsode.dialects.minimax.chat_pro_reply import ProPiece, ProReply, read_event
from rhapsode.dialects.minimax.status import StatusError
from rhapsode.engines.chat.heard import Heard
from rhapsode.engines.upstream.faults import BlankReply, Unavailable
from rhapsode.engines.upstream.minimax_codes import judge_code

_FINISH: Final = {"length": Finish.LENGTH, "max_output": Finish.CONTEXT}


class ProReader:
    """One reply. `ended` once the event that holds all of it again has come, or one of `stops` has."""

    def __init__(self, *, stops: Sequence[str] = (), plain: bool = False) -> None:
        """`plain`: the text is shown as it comes: it has a form of its own."""
        self._heard = Heard(stops=stops, plain=plain)
        self._length = 0
        self.ended = False

    def feed(self, data: bytes) -> Sequence[ChatEvent]:
        """Of the protocol."""
        try:
            event = read_event(data)
        except StatusError as error:
            raise judge_code(error.code, error.message) from None  # its sentence is not ours to repeat
        except RequestError:
            raise Unavailable("the upstream engine sends what is no reply") from None
        return self._piece(event) if isinstance(event, ProPiece) else self._end(event)

    def finish(self) -> Sequence[ChatEvent]:
        """Of the protocol."""
        raise Unavailable("the upstream engine's reply broke off", passing=True)

    def _piece(self, piece: ProPiece) -> Sequence[ChatEvent]:
        self._length += len(piece.text)
        text = self._heard.feed(piece.text)
        if not self._heard.done:
            return (ChatText(text=text),) if text else ()
        self.ended = True
        return self._told(text, (), ChatEnd(finish=Finish.STOP, usage=self._heard.estimate))

    def _end(self, reply: ProReply) -> Sequence[ChatEvent]:
        self.ended = True
        # The platform counts all tokens in one.
        of_reply, told = counted(reply.completion_tokens), reply.prompt_tokens
        of_prompt = counted(reply.total_tokens - of_reply if told is None else told)
        end = ChatEnd(
            finish=_FINISH.get(reply.finish_reason, Finish.STOP),
            usage=ChatUsage(prompt_tokens=of_prompt, reply_tokens=of_reply),
            slots=reply.glyph_result,
        )
        call = reply.function_call
        calls = (ChatCall(index=0, name=call.name, arguments=call.arguments),) if call else ()
        return self._told(self._heard.feed(reply.text[self._length :]) + self._heard.finish(), calls, end)

    def _told(self, text: str, calls: Sequence[ChatCall], end: ChatEnd) -> Sequence[ChatEvent]:
        if not (self._heard.begun or calls or self._heard.stopped):
            raise BlankReply("the model's reply is blank")
        return [*([ChatText(text=text)] if text else ()), *calls, end]
