"""The chat models of the platform: how many tokens a caller may ask for, and what an absent field means.

Figures: the contract's sections 1.1, 4.1 and 4.2, and for the M2 family the vendor's pages of 2026. Where two sources
differ, the vendor's own page wins.
"""

from dataclasses import dataclass

DEFAULT_TOKENS = 256


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """Limits and defaults of one public model name.

    `tokens` bounds what a caller may ask for, `default_tokens` is what chat completion v2 generates unasked.
    """

    tokens: int
    temperature: float = 0.1
    top_p: float = 0.95
    default_tokens: int = DEFAULT_TOKENS


_M2 = ChatModel(tokens=204800, temperature=1.0, default_tokens=10240)

CHAT_MODELS = {
    "abab5-chat": ChatModel(tokens=6144, temperature=0.9),
    "abab5.5-chat": ChatModel(tokens=16384, temperature=0.9),
    "abab5.5s-chat": ChatModel(tokens=8192, temperature=0.9),
    "abab6-chat": ChatModel(tokens=32768),
    "abab6.5-chat": ChatModel(tokens=8192),
    "abab6.5s-chat": ChatModel(tokens=245760),
    "abab6.5t-chat": ChatModel(tokens=8192),
    "abab6.5g-chat": ChatModel(tokens=8192),
    "abab7-chat-preview": ChatModel(tokens=245760),
    "MiniMax-Text-01": ChatModel(tokens=1000192, default_tokens=2048),
    "MiniMax-M1": ChatModel(tokens=1000192, temperature=1.0, default_tokens=8192),
    "MiniMax-M2": _M2,
    "MiniMax-M2.1": _M2,
    "MiniMax-M2.5": _M2,
    "MiniMax-M2.7": _M2,
    "M2-her": ChatModel(tokens=2048, temperature=1.0, default_tokens=2048),
}

_BY_NAME = {name.casefold(): model for name, model in CHAT_MODELS.items()}

# A name of the operator's own: the engine's context is its only limit.
_OTHER = ChatModel(tokens=1000192, temperature=0.9)


def base_model(name: str) -> str:
    """The model that a fine-tuned one (`ft:<base>_<ms>:<suffix>`) comes from; any other name is its own base."""
    if not name.startswith("ft:"):
        return name
    base, _, _ = name.removeprefix("ft:").partition(":")
    return base.rpartition("_")[0] or base


def chat_model(name: str) -> ChatModel:
    """Limits and defaults for a model name, the platform's in any case of its letters, or an operator's own."""
    return _BY_NAME.get(base_model(name).casefold(), _OTHER)
