"""The engines by name: a kind is a dotted path, and imported when it is chosen."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.errors import EngineMissing, SettingsError
from rhapsode.core.search import SearchEngine
from rhapsode.core.speech import SpeechEngine
from rhapsode.core.voice import Voice

CHAT: Final[Mapping[str, str]] = {
    "llama": "rhapsode.engines.chat.llama:open_engine",
    "minimax": "rhapsode.engines.chat.minimax_upstream:open_engine",
    "openai": "rhapsode.engines.chat.openai_upstream:open_engine",
    "scripted": "rhapsode.engines.chat.scripted:open_engine",
}
SPEECH: Final[Mapping[str, str]] = {
    "espeak": "rhapsode.engines.speech.espeak:open_engine",
    "tone": "rhapsode.engines.speech.tone:open_engine",
}
EMBED: Final[Mapping[str, str]] = {
    "llama": "rhapsode.engines.embed.llama:open_engine",
    "minimax": "rhapsode.engines.embed.minimax_upstream:open_engine",
    "openai": "rhapsode.engines.embed.openai_upstream:open_engine",
    "scripted": "rhapsode.engines.embed.scripted:open_engine",
}
_SEARCH: Final = "rhapsode.engines.search.searxng"
SHARED: Final = frozenset({"llama", "espeak"})
"""the kinds that hold a model, or processes of their own: a server of many processes has each of them once"""
EXTRAS: Final[Mapping[str, str]] = {"llama": "server", "espeak": "espeak", "tone": "server"}
"""what brings the packages that a kind imports"""

FindModel = Callable[[str], Path]
"""A model's name to its file. Raises `EngineMissing` when the file is not there, `SettingsError` for a wrong name."""


class _OpenChat(Protocol):
    def __call__(self, options: Mapping[str, object], /, *, find_model: FindModel) -> Awaitable[ChatEngine]: ...


class _OpenEmbed(Protocol):
    def __call__(self, options: Mapping[str, object], /, *, find_model: FindModel) -> Awaitable[EmbedEngine]: ...


class _OpenSpeech(Protocol):
    def __call__(self, options: Mapping[str, object], /, *, voices: Sequence[Voice]) -> Awaitable[SpeechEngine]: ...


class _OpenSearch(Protocol):
    def __call__(self, url: str, /, *, results: int, timeout: float) -> SearchEngine: ...


async def open_chat(kind: str, options: Mapping[str, object], *, find_model: FindModel) -> ChatEngine:
    """A chat engine, ready to reply.

    Raises `SettingsError` for an unknown kind or a wrong option, `EngineMissing` when a package or the model is not
    installed, `EngineError` when the model cannot be loaded.
    """
    return await cast("_OpenChat", _opener(CHAT, kind, "chat"))(options, find_model=find_model)


async def open_speech(kind: str, options: Mapping[str, object], *, voices: Sequence[Voice]) -> SpeechEngine:
    """A speech engine that speaks in `voices`. Raises as `open_chat` does."""
    return await cast("_OpenSpeech", _opener(SPEECH, kind, "speech"))(options, voices=voices)


async def open_embed(kind: str, options: Mapping[str, object], *, find_model: FindModel) -> EmbedEngine:
    """An embedding engine, ready to make vectors. Raises as `open_chat` does."""
    return await cast("_OpenEmbed", _opener(EMBED, kind, "embedding"))(options, find_model=find_model)


def open_search(url: str, *, results: int, timeout: float) -> SearchEngine:
    """What searches through the SearXNG server at `url`, imported when there is one. `timeout` is in seconds."""
    return cast("_OpenSearch", import_module(_SEARCH).SearxngEngine)(url, results=results, timeout=timeout)


def _opener(table: Mapping[str, str], kind: str, ability: str) -> object:
    """The function that the table names."""
    if kind not in table:
        raise SettingsError(f"there is no {ability} engine of kind {kind[:80]!r}; there are {', '.join(sorted(table))}")
    module, _, function = table[kind].partition(":")
    try:
        opener: object = getattr(import_module(module), function)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("rhapsode"):
            raise  # a fault of ours, not a package that someone did not install
        extra = EXTRAS.get(kind, "server")
        raise EngineMissing(
            f"the {kind} engine needs the package {missing.name}: pip install 'rhapsode[{extra}]'"
        ) from missing
    return opener
