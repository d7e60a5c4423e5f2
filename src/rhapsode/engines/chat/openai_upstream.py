"""Chat by another server of OpenAI's shape: vLLM, SGLang, Ollama, llama-server, or any host that sells it."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Literal

import msgspec
from yarl import URL

from rhapsode.core.chat import ChatEvent, ChatRequest, ChatText, Finish, collect
from rhapsode.core.constraint import Glyph, JsonDocument
from rhapsode.core.errors import EngineError, NotSupported
from rhapsode.engines.chat.constrain.composition import read_composition
from rhapsode.engines.chat.openai_reader import OpenaiReader
from rhapsode.engines.chat.openai_request import Wire
from rhapsode.engines.chat.openai_steps import Steps
from rhapsode.engines.upstream.address import interface
from rhapsode.engines.upstream.calls import Calls
from rhapsode.engines.upstream.open import open_calls
from rhapsode.engines.upstream.openai_errors import judge_answer
from rhapsode.engines.upstream.options import UpstreamOptions, read_upstream_options

Grammar = Literal["response_format", "vllm", "none"]


class Options(UpstreamOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table of the settings file. `grammar`: how the server takes the form that a reply must have."""

    grammar: Grammar = "response_format"


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "OpenaiUpstream":
    """Nothing is asked of the server yet. Raises `SettingsError`."""
    _ = find_model  # the model is elsewhere
    chosen = read_upstream_options(options, Options, kind="openai")
    url = URL(f"{interface(chosen.base_url)}/chat/completions")
    return OpenaiUpstream(open_calls(chosen, judge=judge_answer), url, model=chosen.model, grammar=chosen.grammar)


class OpenaiUpstream:
    """Implements `ChatEngine`."""

    def __init__(self, calls: Calls, url: URL, *, model: str, grammar: Grammar) -> None:
        self._calls = calls
        self._url = url
        self._model = model
        self._grammar = grammar

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol.

        vLLM writes a reply of a given form part by part. Elsewhere, a document that must close comes in one piece, and
        is an error where it does not close.
        """
        self._refuse_what_cannot_be_asked(request)
        if self._grammar == "vllm" and (
            composition := await read_composition(request.constraint, max_tokens=request.max_tokens)
        ):
            steps = Steps(self._calls, self._url, Wire(request, model=self._model))
            async with aclosing(composition.write(steps, max_tokens=request.max_tokens)) as events:
                async for event in events:
                    yield event
            return
        async with aclosing(self._events(request)) as events:
            if isinstance(request.constraint, JsonDocument) and request.constraint.must_close:
                reply = await collect(events)
                if reply.end.finish is not Finish.STOP or not _is_json(reply.text):
                    raise EngineError("the upstream engine's document does not close within its tokens")
                yield ChatText(text=reply.text)
                yield reply.end
                return
            async for event in events:
                yield event

    async def _events(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        wire = Wire(request, model=self._model)

        def open_reader() -> OpenaiReader:
            return OpenaiReader(wire.heard(), max_tokens=request.max_tokens)

        async with aclosing(self._calls.stream(self._url, wire.body({}), open_reader)) as batches:
            async for batch in batches:
                for event in batch:
                    yield event

    async def close(self) -> None:
        """Of the protocol."""
        await self._calls.close()

    def _refuse_what_cannot_be_asked(self, request: ChatRequest) -> None:
        if request.constraint is None:
            return
        if self._grammar == "none":
            raise NotSupported("response_format", "is not known to the engine that serves this model")
        if isinstance(request.constraint, Glyph) and self._grammar != "vllm":
            raise NotSupported("reply_constraints.glyph", "is not known to the engine that serves this model")


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
