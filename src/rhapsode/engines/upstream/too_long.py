"""Prompts that do not fit another server's model: it says so in words, if it says so."""

import re
from typing import Final

import msgspec

from rhapsode.core.errors import PromptTooLong

# The one place where words are read, since few servers give a code and the figures are what a caller needs.
_SENTENCES: Final = (
    # this project's own
    re.compile(
        r"(?:\[(?P<index>\d+)\]: the text )?takes (?:at least )?(?P<prompt>\d+) tokens, and the model's context holds "
        r"(?P<context>\d+)"
    ),
    # OpenAI, vLLM
    re.compile(
        r"maximum context length is (?P<context>\d+) tokens.{1,200}?(?:requested|resulted in|contains at least|has) "
        r"(?P<prompt>\d+)",
        re.DOTALL,
    ),
    # SGLang
    re.compile(r"input \((?P<prompt>\d+) tokens\).{1,80}?context length \((?P<context>\d+) tokens\)", re.DOTALL),
)


class _Fault(msgspec.Struct, frozen=True):
    """`n_prompt_tokens` and `n_ctx`: llama-server's."""

    message: str = ""
    n_prompt_tokens: int = 0
    n_ctx: int = 0


class _Refusal(msgspec.Struct, frozen=True):
    """`message`: older vLLM and SGLang have it on top."""

    error: _Fault = _Fault()
    message: str = ""


_DECODER: Final = msgspec.json.Decoder(_Refusal)


def read_too_long(body: bytes) -> PromptTooLong | None:
    """The error that a refusal's JSON tells of, if it is this one."""
    try:
        refusal = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if refusal.error.n_ctx > 0:
        return PromptTooLong(prompt_tokens=refusal.error.n_prompt_tokens, context_tokens=refusal.error.n_ctx)
    return too_long_in(refusal.error.message or refusal.message)


def too_long_in(sentence: str) -> PromptTooLong | None:
    """The error that a sentence tells of, if it is this one."""
    for pattern in _SENTENCES:
        if found := pattern.search(sentence):
            index = found.groupdict().get("index")
            return PromptTooLong(
                prompt_tokens=int(found["prompt"]),
                context_tokens=int(found["context"]),
                field=f"texts[{index}]" if index else "messages",
            )
    return None
