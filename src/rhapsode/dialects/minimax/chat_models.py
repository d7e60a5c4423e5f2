"""The chat models of the platform: how many tokens a caller may ask for, and what an absent field means.

Figures: the contract's section 1.1. Where two sources differ, the vendor's own page wins.
"""

from dataclasses import dataclass

DEFAULT_TOKENS = 256


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """Limits and defaults of one public model name. `tokens` bounds `tokens_to_generate`."""

    tokens: int
    temperature: float = 0.1
    top_p: float = 0.95


CHAT_MODELS = {
    "abab5.5-chat": ChatModel(tokens=16384, temperature=0.9),
    "abab5.5s-chat": ChatModel(tokens=8192, temperature=0.9),
    "abab6-chat": ChatModel(tokens=32768),
    "abab6.5-chat": ChatModel(tokens=8192),
    "abab6.5s-chat": ChatModel(tokens=245760),
    "abab6.5t-chat": ChatModel(tokens=8192),
    "abab6.5g-chat": ChatModel(tokens=8192),
    "abab7-chat-preview": ChatModel(tokens=245760),
    "MiniMax-Text-01": ChatModel(tokens=1000192),
}

# A name of the operator's own: the engine's context is its only limit.
_OTHER = ChatModel(tokens=1000192, temperature=0.9)


def base_model(name: str) -> str:
    """The model that a fine-tuned one (`ft:<base>_<ms>:<suffix>`) comes from; any other name is its own base."""
    if not name.startswith("ft:"):
        return name
    base, _, _ = name.removeprefix("ft:").partition(":")
    return base.rpartition("_")[0] or base


def chat_model(name: str) -> ChatModel:
    """Limits and defaults for a model name, the platform's or an operator's own."""
    return CHAT_MODELS.get(base_model(name), _OTHER)
