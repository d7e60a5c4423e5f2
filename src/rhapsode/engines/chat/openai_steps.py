"""A reply that vLLM writes part by part: each part by a grammar, going on where the reply stands.

https://docs.vllm.ai/en/latest/features/structured_outputs/ : `structured_outputs` since 0.12. The reply so far is sent
as the assistant's message that is not finished yet (`continue_final_message`), so that vLLM's prefix cache serves it.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from yarl import URL

from rhapsode.core.chat import ChatText, ChatUsage, Finish
from rhapsode.core.errors import RequestError
from rhapsode.dialects.openai.chat_reply_reader import StreamReader
from rhapsode.dialects.openai.errors import ReportedError
from rhapsode.engines.chat.constrain.continuation import Step, Written
from rhapsode.engines.chat.cut import Cut
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.openai_request import Wire
from rhapsode.engines.upstream.calls import Calls
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.openai_errors import judge_reported


class Steps:
    """A `Continuation` of one reply."""

    def __init__(self, calls: Calls, url: URL, wire: Wire) -> None:
        self._calls = calls
        self._url = url
        self._wire = wire

    async def __call__(self, begun: str, step: Step, /) -> AsyncGenerator[Written]:
        """Of the protocol."""
        extra: dict[str, object] = {"structured_outputs": {"grammar": step.grammar}}
        if begun:
            extra |= {"continue_final_message": True, "add_generation_prompt": False}
        body = self._wire.step(begun, temperature=step.temperature, max_tokens=step.max_tokens, extra=extra)
        labels = Labels(self._wire.names if step.free else ())
        async with aclosing(self._calls.stream(self._url, body, lambda: _StepReader(step, labels))) as parts:
            async for written in parts:
                yield written


class _StepReader:
    """The answer to one step. Free text ends where a label would come."""

    def __init__(self, step: Step, labels: Labels) -> None:
        self._most = step.max_tokens
        self._stream = StreamReader()
        self._cut = Cut(labels)
        self._tokens = 0
        self.ended = False

    def feed(self, data: bytes) -> Sequence[Written]:
        try:
            pieces = self._stream.read_event(data)
        except ReportedError as error:
            raise judge_reported(error) from None  # its sentence is not ours to repeat
        except RequestError:
            raise Unavailable("the upstream engine sends what is no reply") from None
        written = [self._written(self._cut.feed(piece.text)) for piece in pieces if isinstance(piece, ChatText)]
        if self._cut.done:
            self.ended = True
            return [*written, self._written("", finish=Finish.STOP)]
        return [*written, *self.finish()] if self._stream.done else written

    def finish(self) -> Sequence[Written]:
        end = self._stream.end
        if end is None:
            raise Unavailable("the upstream engine's reply broke off", passing=True)
        self.ended = True
        finish = end.finish
        if finish is Finish.LENGTH and 0 < end.usage.reply_tokens < self._most:
            finish = Finish.CONTEXT
        return [self._written(self._cut.finish(), usage=end.usage, finish=finish)]

    def _written(self, text: str, *, usage: ChatUsage | None = None, finish: Finish | None = None) -> Written:
        """Most servers send a token at a time: so they are counted until the server has counted them."""
        self._tokens = usage.reply_tokens if usage is not None and usage.reply_tokens else self._tokens + bool(text)
        return Written(
            text=text,
            tokens=min(self._tokens, self._most),
            prompt_tokens=usage.prompt_tokens if usage is not None else 0,
            cached_tokens=usage.cached_tokens if usage is not None else 0,
            finish=finish,
        )
