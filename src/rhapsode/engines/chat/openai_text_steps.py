"""A reply that llama-server writes part by part: each part by a grammar, going on with the text where it stands.

https://github.com/ggml-org/llama.cpp/tree/master/tools/server: its chat completion drops an assistant's message that is
not finished. So it is asked once what its model reads of the messages, and then for completions of that text.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec
from yarl import URL

from rhapsode.core.errors import EngineError
from rhapsode.dialects.openai.errors import read_error
from rhapsode.engines.chat.chunks import read_chunk
from rhapsode.engines.chat.constrain.continuation import Step, Written
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.openai_request import Wire
from rhapsode.engines.chat.steps import StepReader
from rhapsode.engines.upstream.calls import Calls
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.openai_errors import judge_reported
from rhapsode.engines.upstream.too_long import read_too_long

_DONE: Final = b"[DONE]"


class _Rendered(msgspec.Struct):
    prompt: str


class TextSteps:
    """A `Continuation` of one reply."""

    def __init__(self, calls: Calls, interface: str, wire: Wire) -> None:
        """`interface` is the server's address with its version, beside which the template's call is."""
        self._calls = calls
        self._render = URL(f"{interface.removesuffix('/v1')}/apply-template")
        self._complete = URL(f"{interface}/completions")
        self._wire = wire
        self._prompt: str | None = None

    async def __call__(self, begun: str, step: Step, /) -> AsyncGenerator[Written]:
        """Of the protocol."""
        if self._prompt is None:
            self._prompt = await self._calls.ask(self._render, self._wire.bare(), _read_rendered)
        body = self._wire.text_step(self._prompt + begun, step)
        labels = Labels(self._wire.names if step.free else ())
        answer = self._calls.stream(self._complete, body, lambda: _TextStepReader(StepReader(step, labels)))
        async with aclosing(answer) as parts:
            async for written in parts:
                yield written


class _TextStepReader:
    """The answer to one step, in the chunks that llama.cpp has in process too."""

    def __init__(self, reader: StepReader) -> None:
        self._reader = reader
        self.ended = False

    def feed(self, data: bytes) -> Sequence[Written]:
        if data.strip() == _DONE:
            return self.finish()
        try:
            chunk = read_chunk(data)
        except EngineError:
            raise Unavailable("the upstream engine sends what is no reply") from None
        if chunk.error is not None:
            raise read_too_long(data) or judge_reported(read_error(data))
        written = self._reader.feed(chunk)
        self.ended = written.finish is not None
        return (written,) if written.text or self.ended else ()

    def finish(self) -> Sequence[Written]:
        raise Unavailable("the upstream engine's reply broke off", passing=True)


def _read_rendered(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Rendered).prompt
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Unavailable("the upstream engine does not say what its model reads: is it a llama-server?") from None
