"""Chat by another server of OpenAI's shape: vLLM, SGLang, Ollama, llama-server, or any host that sells it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Literal

from yarl import URL

from rhapsode.core.chat import ChatEvent, ChatRequest, ChatText
from rhapsode.core.constraint import Constraint, Glyph, JsonDocument
from rhapsode.core.errors import NotSupported
from rhapsode.engines.chat.constrain.composition import read_composition
from rhapsode.engines.chat.constrain.continuation import Continuation
from rhapsode.engines.chat.constrain.json_schema import SCHEMA_FIELD, json_rules
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.openai_document import close_document
from rhapsode.engines.chat.openai_reader import OpenaiReader
from rhapsode.engines.chat.openai_request import Wire
from rhapsode.engines.chat.openai_steps import Steps
from rhapsode.engines.chat.openai_text_steps import TextSteps
from rhapsode.engines.upstream.address import interface
from rhapsode.engines.upstream.calls import Calls
from rhapsode.engines.upstream.open import open_calls
from rhapsode.engines.upstream.openai_errors import judge_answer
from rhapsode.engines.upstream.options import UpstreamOptions, read_upstream_options
from rhapsode.telemetry.readings import Name

Grammar = Literal["response_format", "vllm", "llama", "none"]


class Options(UpstreamOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table of the settings file. `grammar`: how the server takes the form that a reply must have."""

    grammar: Grammar = "response_format"


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "OpenaiUpstream":
    """Nothing is asked of the server yet. Raises `SettingsError`."""
    _ = find_model  # the model is elsewhere
    chosen = read_upstream_options(options, Options, kind="openai")
    address = interface(chosen.base_url)
    # llama-server hangs up behind each stream without a word: the next part of a reply would meet a closed connection.
    calls = open_calls(chosen, judge=judge_answer, keep=chosen.grammar != "llama")
    return OpenaiUpstream(calls, address, model=chosen.model, grammar=chosen.grammar)


class OpenaiUpstream:
    """Implements `ChatEngine`."""

    def __init__(self, calls: Calls, address: str, *, model: str, grammar: Grammar) -> None:
        """`address` is where the server's interface begins, with its version."""
        self._calls = calls
        self._address = address
        self._url = URL(f"{address}/chat/completions")
        self._model = model
        self._grammar = grammar

    def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol.

        vLLM and llama-server write a reply of a given form part by part. Elsewhere, a document that must close comes in
        one piece, and is an error where it does not close.
        """
        if request.constraint is None:
            free = self._grammar != "llama"
            return self._ask(request, Wire(request, model=self._model)) if free else self._events(request)
        self._refuse_what_cannot_be_asked(request.constraint)
        return self._in_form(request)

    async def _in_form(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        by_parts = self._grammar in {"vllm", "llama"}
        if by_parts and (composition := await read_composition(request.constraint, max_tokens=request.max_tokens)):
            events = composition.write(self._steps(request), max_tokens=request.max_tokens)
        elif isinstance(request.constraint, JsonDocument) and request.constraint.must_close:
            document = await close_document(request, request.constraint, self._events)
            yield ChatText(text=document.text)
            yield document.end
            return
        else:
            events = self._events(request)
        async with aclosing(events):
            async for event in events:
                yield event

    def _steps(self, request: ChatRequest) -> Continuation:
        wire = Wire(request, model=self._model)
        if self._grammar == "llama":
            return TextSteps(self._calls, self._address, wire)
        return Steps(self._calls, self._url, wire)

    async def _events(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        wire = Wire(request, model=self._model)
        grammar = ""
        if self._grammar == "llama":  # beside the event loop: a schema may be large
            grammar = await asyncio.to_thread(_grammar_of, request, wire.names)
        async with aclosing(self._ask(request, wire, grammar)) as events:
            async for event in events:
                yield event

    def _ask(self, request: ChatRequest, wire: Wire, grammar: str = "") -> AsyncGenerator[ChatEvent]:
        def open_reader() -> OpenaiReader:
            return OpenaiReader(wire.heard(), request)

        return self._calls.stream(self._url, wire.body(grammar), open_reader)

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        return self._calls.readings()

    async def close(self) -> None:
        """Of the protocol."""
        await self._calls.close()

    def _refuse_what_cannot_be_asked(self, constraint: Constraint) -> None:
        if self._grammar == "none":
            raise NotSupported("response_format", "is not known to the engine that serves this model")
        if isinstance(constraint, Glyph) and self._grammar == "response_format":
            raise NotSupported("reply_constraints.glyph", "is not known to the engine that serves this model")


def _grammar_of(request: ChatRequest, names: tuple[str, ...]) -> str:
    """What llama-server shall keep to; nothing where the reply is free, or calls functions by a grammar of its own."""
    if isinstance(request.constraint, JsonDocument):
        return json_rules(request.constraint.schema, name="root", field=SCHEMA_FIELD)
    return reply_grammar(names) if names and not request.functions else ""
