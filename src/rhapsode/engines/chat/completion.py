"""One reply of llama.cpp: what it is asked for, and what its chunks amount to."""

from typing import Final

import msgspec

from rhapsode.core.chat import ChatCall, ChatEnd, ChatRequest, ChatText, ChatUsage, Finish
from rhapsode.core.constraint import JsonDocument
from rhapsode.engines.chat.call_grammar import call_grammar
from rhapsode.engines.chat.chunks import Chunk
from rhapsode.engines.chat.constrain.json_schema import SCHEMA_FIELD, json_rules
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.reader import Reader
from rhapsode.engines.chat.render import Prompt
from rhapsode.engines.chat.seeded import seeded

FIRST_CHARACTER: Final = 5
"""The most tokens that one visible character can take: a space, and the four bytes of a UTF-8 character."""


def write_body(prompt: Prompt, request: ChatRequest, *, rendered: str = "", usual_seed: int | None = None) -> bytes:
    """The request body of llama.cpp's chat completion; of the completion of a text where there is `rendered`."""
    body: dict[str, object] = {
        **({"prompt": rendered} if rendered else _messages(prompt)),
        "grammar": _grammar(prompt, request),
        # llama.cpp would look for them in calls too: there the reader does.
        "stop": () if request.functions else request.stops,
        "max_tokens": max(request.max_tokens, FIRST_CHARACTER),
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "presence_penalty": request.sampling.presence_penalty,
        "frequency_penalty": request.sampling.frequency_penalty,
        **seeded(request.sampling, anew=True, usual=usual_seed),
        "stream": True,
        "stream_options": {"include_usage": True},
        # Chunks during prompt evaluation too: only between chunks can the call be stopped.
        "return_progress": True,
        # Counts in every chunk: this side may cut anywhere.
        "timings_per_token": True,
    }
    return msgspec.json.encode(body)


def _messages(prompt: Prompt) -> dict[str, object]:
    return {"messages": [{"role": message.role, "content": message.content} for message in prompt.messages]}


def _grammar(prompt: Prompt, request: ChatRequest) -> str:
    if isinstance(request.constraint, JsonDocument):
        return json_rules(request.constraint.schema, name="root", field=SCHEMA_FIELD)
    if request.functions:
        return call_grammar(request.functions, request.must_call, prompt.names)
    return reply_grammar(prompt.names)


class Completion:
    """One reply as it grows. `end` is set once it is over.

    A limit below `FIRST_CHARACTER` is kept here, not by llama.cpp: the first visible character is let through even
    when it takes more tokens than the caller allows, and nothing after it.
    """

    def __init__(self, reader: Reader, *, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._reader = reader
        self._prompt_tokens = self._cached_tokens = self._decoded = 0
        self._finish = self._uncounted = ""
        self.end: ChatEnd | None = None

    def feed(self, chunk: Chunk) -> list[ChatText | ChatCall]:
        """What there is to show; often nothing."""
        if chunk.prompt_progress is not None:
            self._prompt_tokens, self._cached_tokens = chunk.prompt_progress.total, chunk.prompt_progress.cache
        if chunk.timings is not None:
            self._decoded = chunk.timings.predicted_n
        self._finish = chunk.finish or self._finish
        if self._max_tokens < FIRST_CHARACTER:
            shown = self._feed_few(chunk)
        else:
            shown = [*self._reader.feed(chunk.text)]
            if chunk.usage is not None:
                self.end = self._ended(chunk.usage.completion_tokens)
        if self._reader.done and self.end is None:
            self._finish = "stop"
            self.end = self._ended(min(self._decoded, self._max_tokens))
        if self.end is not None:
            shown += self._reader.finish()
        return shown

    def _feed_few(self, chunk: Chunk) -> list[ChatText | ChatCall]:
        """Where llama.cpp was allowed more than the caller allows."""
        if chunk.timings is None:
            self._uncounted += chunk.text  # its last words come without a count, which follows
            return []
        # The last chunk's timings count no more than the usage beside them.
        decoded = chunk.usage.completion_tokens if chunk.usage is not None else chunk.timings.predicted_n
        text, self._uncounted = self._uncounted + chunk.text, ""
        fits = decoded <= self._max_tokens or not self._reader.begun
        shown = [*self._reader.feed(text)] if fits else []
        if decoded >= self._max_tokens and self._reader.begun and chunk.usage is None:
            self._finish = "length"
        elif chunk.usage is None:
            return shown
        self.end = self._ended(decoded if fits and text else min(decoded, self._max_tokens))
        return shown

    def _ended(self, reply_tokens: int) -> ChatEnd:
        if self._finish == "stop":
            finish = Finish.STOP
        else:
            finish = Finish.LENGTH if reply_tokens >= self._max_tokens else Finish.CONTEXT
        return ChatEnd(finish=finish, usage=self._usage(reply_tokens))

    def _usage(self, reply_tokens: int) -> ChatUsage:
        return ChatUsage(
            prompt_tokens=self._prompt_tokens, reply_tokens=reply_tokens, cached_tokens=self._cached_tokens
        )
