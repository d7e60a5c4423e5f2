"""Engines that are looked at while they work: whoever opens them, the sampler gets to know them by their names."""

from collections.abc import Mapping

from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.speech import SpeechEngine
from rhapsode.server.engine_opener import EngineOpener
from rhapsode.telemetry.sampling import Sampler


class WatchedEngines:
    """An `EngineOpener` around another one."""

    def __init__(self, opener: EngineOpener, sampler: Sampler) -> None:
        self._opener, self._sampler = opener, sampler

    async def chat(self, name: str, kind: str, options: Mapping[str, object], /) -> ChatEngine:
        """Of the protocol."""
        engine = await self._opener.chat(name, kind, options)
        self._sampler.watch_engine("chat", name, engine)
        return engine

    async def embed(self, name: str, kind: str, options: Mapping[str, object], /) -> EmbedEngine:
        """Of the protocol."""
        engine = await self._opener.embed(name, kind, options)
        self._sampler.watch_engine("embed", name, engine)
        return engine

    async def speech(self, name: str, kind: str, options: Mapping[str, object], /) -> SpeechEngine:
        """Of the protocol."""
        engine = await self._opener.speech(name, kind, options)
        self._sampler.watch_engine("speech", name, engine)
        return engine
