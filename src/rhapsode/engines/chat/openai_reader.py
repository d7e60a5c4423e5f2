"""What another server says in OpenAI's shape, as the events of a reply."""

from collections.abc import Sequence
from dataclasses import replace

from rhapsode.core.chat import ChatCall, ChatEnd, ChatEvent, ChatRequest, ChatText, ChatThought, Finish
from rhapsode.core.errors import InvalidField, RequestError
from rhapsode.dialects.openai.chat_reply_reader import StreamReader
from rhapsode.dialects.openai.errors import ReportedError
from rhapsode.engines.chat.heard import Heard
from rhapsode.engines.chat.thinking import Thinking
from rhapsode.engines.upstream.faults import BlankReply, Unavailable
from rhapsode.engines.upstream.openai_errors import judge_reported


class OpenaiReader:
    """One reply. `ended` once the server says so, or nothing that comes can be shown."""

    def __init__(self, heard: Heard, request: ChatRequest) -> None:
        self._stream = StreamReader()
        self._heard = heard
        self._request = request
        self._thought = False
        self._thinking = Thinking()
        self._calls: list[bool] = []
        """of each call, whether its arguments have begun"""
        self.ended = False

    def feed(self, data: bytes) -> Sequence[ChatEvent]:
        """Of the protocol."""
        try:
            pieces = self._stream.read_event(data)
        except ReportedError as error:
            raise judge_reported(error) from None  # its sentence is not ours to repeat
        except RequestError:
            raise Unavailable("the upstream engine sends what is no reply") from None
        events: list[ChatEvent] = []
        for piece in pieces:
            match piece:
                case ChatText():
                    events += self._said(*self._thinking.feed(piece.text))
                case ChatThought():
                    self._thought = True
                    events.append(piece)
                case ChatCall():
                    self._count(piece)
                    events.append(piece)
        if self._heard.done:
            self.ended = True
            return [*events, self._judged(ChatEnd(finish=Finish.STOP, usage=self._heard.estimate))]
        return [*events, *self.finish()] if self._stream.done else events

    def finish(self) -> Sequence[ChatEvent]:
        """Of the protocol. Some servers hang up instead of saying that they are done."""
        end = self._stream.end
        if end is None:
            raise Unavailable("the upstream engine's reply broke off", passing=True)
        self.ended = True
        events = self._said(*self._thinking.finish())
        if rest := self._heard.finish():
            events.append(ChatText(text=rest))
        empty = [ChatCall(index=index, arguments="{}") for index, begun in enumerate(self._calls) if not begun]
        if end.finish is Finish.LENGTH and 0 < end.usage.reply_tokens < self._request.max_tokens:
            end = replace(end, finish=Finish.CONTEXT)
        return [*events, *empty, self._judged(end)]

    def _said(self, thought: str, text: str) -> list[ChatEvent]:
        self._thought = self._thought or bool(thought)
        shown = self._heard.feed(text) if text else ""
        return [*([ChatThought(text=thought)] if thought else ()), *([ChatText(text=shown)] if shown else ())]

    def _count(self, call: ChatCall) -> None:
        if call.index == len(self._calls):
            self._calls.append(False)
        self._calls[call.index] = self._calls[call.index] or bool(call.arguments)

    def _judged(self, end: ChatEnd) -> ChatEnd:
        request = self._request
        # The other server knows the caller's stop strings, and may itself have ended the reply at one.
        there = request.stops and end.finish is Finish.STOP and not self._heard.done
        if self._heard.begun or self._calls or self._heard.stopped or there:
            return end
        if end.finish is Finish.LENGTH and request.functions:
            raise InvalidField(request.tokens_field, "is too small for a function call")
        if end.finish is Finish.LENGTH and self._thought:
            raise InvalidField(request.tokens_field, "is used up by what the model thinks before its reply")
        raise BlankReply("the model's reply is blank")
