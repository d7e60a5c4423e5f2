"""One step of a reply that is written part by part: what llama.cpp is asked for, and what its chunks amount to."""

import msgspec

from rhapsode.core.chat import Finish, Sampling
from rhapsode.engines.chat.chunks import Chunk
from rhapsode.engines.chat.constrain.continuation import Step, Written
from rhapsode.engines.chat.cut import Cut
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.render import Prompt
from rhapsode.engines.chat.seeded import seeded


def write_messages(prompt: Prompt) -> bytes:
    """The part of a chat completion that a prompt is rendered from."""
    return msgspec.json.encode({"messages": [{"role": m.role, "content": m.content} for m in prompt.messages]})


def write_step(
    rendered: str,
    step: Step,
    sampling: Sampling,
    *,
    names: tuple[str, ...],
    model: str = "",
    anew: bool = False,
    usual_seed: int | None = None,
) -> bytes:
    """The request body of llama.cpp's completion of a text, `rendered`, which ends with the beginning of the reply.

    None of `names` may label what is free text. `model` is for a server that has several. `anew` and
    `usual_seed`: as `seeded` has them.

    No chat completion with an assistant's message at its end: with the templates of many models llama.cpp drops that
    message, and it drops the blanks that a reply begins with.
    """
    body: dict[str, object] = {
        **({"model": model} if model else {}),
        "prompt": rendered,
        "grammar": reply_grammar(names) if step.free else step.grammar,
        "max_tokens": step.max_tokens,
        "temperature": sampling.temperature if step.temperature is None else step.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        **seeded(sampling, anew=anew, usual=usual_seed),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "timings_per_token": True,
    }
    return msgspec.json.encode(body)


class StepReader:
    """The chunks of one step. Free text ends where a label of `labels` would come."""

    def __init__(self, step: Step, labels: Labels) -> None:
        self._most = step.max_tokens
        self._cut = Cut(labels) if step.free else None
        self._tokens = self._prompt_tokens = self._cached_tokens = 0
        self._finish = ""

    def feed(self, chunk: Chunk) -> Written:
        """What the chunk brings."""
        if chunk.prompt_progress is not None:
            self._prompt_tokens, self._cached_tokens = chunk.prompt_progress.total, chunk.prompt_progress.cache
        if chunk.usage is not None:
            self._tokens = chunk.usage.completion_tokens
            self._prompt_tokens = self._prompt_tokens or chunk.usage.prompt_tokens
        elif chunk.timings is not None:
            self._tokens = chunk.timings.predicted_n
        self._finish = chunk.finish or self._finish
        text = chunk.text
        if self._cut is not None:
            text = self._cut.feed(text) + (self._cut.finish() if chunk.usage is not None else "")
        return Written(
            text=text,
            tokens=min(self._tokens, self._most),
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self._cached_tokens,
            finish=self._finished(chunk),
        )

    def _finished(self, chunk: Chunk) -> Finish | None:
        if self._cut is not None and self._cut.done:
            return Finish.STOP
        if chunk.usage is None:
            return None
        if self._finish == "stop":
            return Finish.STOP
        return Finish.LENGTH if self._tokens >= self._most else Finish.CONTEXT
