"""One reply of llama.cpp: what it is asked for, and what its chunks amount to."""

from typing import Final

import msgspec

from rhapsode.core.chat import ChatEnd, ChatRequest, ChatUsage, Finish
from rhapsode.engines.chat.chunks import Chunk
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.render import Prompt
from rhapsode.engines.chat.tidy import Tidy

FIRST_CHARACTER: Final = 5
"""The most tokens that one visible character can take: a space, and the four bytes of a UTF-8 character."""


def write_body(prompt: Prompt, request: ChatRequest) -> bytes:
    """The request body of llama.cpp's chat completion."""
    body: dict[str, object] = {
        "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
        "grammar": reply_grammar((prompt.own, *prompt.others)),
        "stop": prompt.stops,
        "max_tokens": max(request.max_tokens, FIRST_CHARACTER),
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
        # Chunks during prompt evaluation too: only between chunks can the call be stopped.
        "return_progress": True,
        # Counts in every chunk, where this side has to cut.
        "timings_per_token": request.max_tokens < FIRST_CHARACTER,
    }
    return msgspec.json.encode(body)


class Completion:
    """One reply as it grows. `end` is set once it is over.

    A limit below `FIRST_CHARACTER` is kept here, not by llama.cpp: the first visible character is let through even
    when it takes more tokens than the caller allows, and nothing after it.
    """

    def __init__(self, *, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._tidy = Tidy()
        self._prompt_tokens = self._cached_tokens = 0
        self._finish = self._uncounted = ""
        self.end: ChatEnd | None = None

    @property
    def begun(self) -> bool:
        """Whether a visible character has come."""
        return self._tidy.begun

    def feed(self, chunk: Chunk) -> str:
        """The piece to show; often empty."""
        if chunk.prompt_progress is not None:
            self._prompt_tokens, self._cached_tokens = chunk.prompt_progress.total, chunk.prompt_progress.cache
        self._finish = chunk.finish or self._finish
        if self._max_tokens < FIRST_CHARACTER:
            return self._feed_few(chunk)
        if chunk.usage is not None:
            self.end = self._ended(chunk.usage.completion_tokens)
        return self._tidy.feed(chunk.text)

    def _feed_few(self, chunk: Chunk) -> str:
        """Where llama.cpp was allowed more than the caller allows."""
        if chunk.timings is None:
            self._uncounted += chunk.text  # its last words come without a count, which follows
            return ""
        # The last chunk's timings count no more than the usage beside them.
        decoded = chunk.usage.completion_tokens if chunk.usage is not None else chunk.timings.predicted_n
        text, self._uncounted = self._uncounted + chunk.text, ""
        piece = self._tidy.feed(text) if decoded <= self._max_tokens or not self.begun else ""
        if decoded >= self._max_tokens and self.begun and chunk.usage is None:
            self._finish = "length"
        elif chunk.usage is None:
            return piece
        self.end = self._ended(decoded if piece else min(decoded, self._max_tokens))
        return piece

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
