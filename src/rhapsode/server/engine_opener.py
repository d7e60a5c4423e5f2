"""Who opens the engines that the settings name: this process itself, unless many share one that has them."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.speech import SpeechEngine
from rhapsode.engines.registry import open_chat, open_embed, open_speech
from rhapsode.models.catalogue import find_model
from rhapsode.voices.catalogue import load_voices


class EngineOpener(Protocol):
    """Opens engines by the names that the settings file gives them. Who is given one closes it.

    Each method raises `SettingsError`, `EngineMissing`, `EngineError`.
    """

    async def chat(self, name: str, kind: str, options: Mapping[str, object], /) -> ChatEngine:
        """A chat engine, ready to reply."""
        ...

    async def embed(self, name: str, kind: str, options: Mapping[str, object], /) -> EmbedEngine:
        """An embedding engine, ready to make vectors."""
        ...

    async def speech(self, name: str, kind: str, options: Mapping[str, object], /) -> SpeechEngine:
        """A speech engine that speaks in the voices of the catalogue."""
        ...


class OwnEngines:
    """Opens them in this process. `models`: the directory that models are looked for in."""

    def __init__(self, models: Path) -> None:
        self._find_model = partial(find_model, directory=models)

    async def chat(self, _name: str, kind: str, options: Mapping[str, object], /) -> ChatEngine:
        """Of the protocol."""
        return await open_chat(kind, options, find_model=self._find_model)

    async def embed(self, _name: str, kind: str, options: Mapping[str, object], /) -> EmbedEngine:
        """Of the protocol."""
        return await open_embed(kind, options, find_model=self._find_model)

    async def speech(self, _name: str, kind: str, options: Mapping[str, object], /) -> SpeechEngine:
        """Of the protocol."""
        return await open_speech(kind, options, voices=load_voices())
