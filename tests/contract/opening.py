"""How the suites of engines open one of each kind."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from rhapsode.core.chat import ChatEngine, ChatReply, ChatRequest, collect
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.errors import EngineError, NotSupported
from rhapsode.core.speech import SpeechEngine
from rhapsode.core.voice import Voice
from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.chat.scripted import ScriptedEngine
from rhapsode.engines.registry import open_chat
from rhapsode.engines.remote.answering import Engines
from rhapsode.engines.remote.asking import RemoteChat, RemoteEmbed, RemoteSpeech
from rhapsode.link.client import Link
from rhapsode.link.host import hosting
from rhapsode.models.catalogue import find_model
from tests.live.running import running_server
from tests.tiny_gguf import write_tiny_gguf

OVER_LLAMA: Final = ("minimax over llama", "openai over llama")
"""kinds that ask a server of ours with the embedded engine; the other two ask one with the engine `scripted`"""
UPSTREAMS: Final = frozenset({"minimax", "openai", *OVER_LLAMA})
"""kinds that ask another server"""
COUNTS_CACHE: Final = frozenset({"llama", "openai", "openai over llama", "scripted", "scripted over a link"})
"""kinds whose usage says how much of a prompt was known; ChatCompletion Pro has no field for it"""

OVER_A_LINK: Final = ("scripted over a link",)
"""kinds that live behind a Unix socket, as the engines that many processes share do"""

SETTINGS: Final = """
[chat.engines.embedded]
kind = "{kind}"
context = {context}
[speech.engines.embedded]
kind = "tone"
[embed]
default = "scripted"
[embed.engines.scripted]
kind = "scripted"
context = {context}
"""


def find(name: str) -> Path:
    return find_model(name, directory=Path("nowhere"))


class LinkedChat(RemoteChat):
    """A chat engine behind a Unix socket; closing it closes what is on both sides."""

    def __init__(self, link: Link, name: str, stack: AsyncExitStack) -> None:
        super().__init__(link, name)
        self.stack = stack

    async def close(self) -> None:
        await super().close()
        await self.stack.aclose()


class LinkedSpeech(RemoteSpeech):
    """The same for speech."""

    def __init__(self, link: Link, name: str, voices: Sequence[Voice], stack: AsyncExitStack) -> None:
        super().__init__(link, name, voices)
        self.stack = stack

    async def close(self) -> None:
        await super().close()
        await self.stack.aclose()


class LinkedEmbed(RemoteEmbed):
    """The same for vectors."""

    def __init__(self, link: Link, name: str, stack: AsyncExitStack) -> None:
        super().__init__(link, name)
        self.stack = stack

    async def close(self) -> None:
        await super().close()
        await self.stack.aclose()


async def link_chat(engine: ChatEngine) -> LinkedChat:
    link, stack = await _linked(Engines(chat={"it": engine}, speech={}, embed={}), engine)
    return LinkedChat(link, "it", stack)


async def link_speech(engine: SpeechEngine) -> LinkedSpeech:
    link, stack = await _linked(Engines(chat={}, speech={"it": engine}, embed={}), engine)
    return LinkedSpeech(link, "it", engine.voices(), stack)


async def link_embed(engine: EmbedEngine) -> LinkedEmbed:
    link, stack = await _linked(Engines(chat={}, speech={}, embed={"it": engine}), engine)
    return LinkedEmbed(link, "it", stack)


async def _linked(engines: Engines, engine: ChatEngine | SpeechEngine | EmbedEngine) -> tuple[Link, AsyncExitStack]:
    stack = AsyncExitStack()
    directory = stack.enter_context(TemporaryDirectory(prefix="rhapsode-"))
    path = f"{directory}/engines"
    await stack.enter_async_context(hosting(path, lambda: (engines.answer, lambda: None)))
    stack.push_async_callback(engine.close)
    link = Link(path, lost=EngineError("the engine process has ended"))
    stack.callback(link.close)
    await link.connect()
    return link, stack


class Servers:
    """Servers of ours for engines that ask another server: one for each engine that they have, and its context."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self._stack = stack
        self._directory = directory
        self._options: dict[tuple[int, str], dict[str, object]] = {}

    def options(self, context: int, behind: str = "scripted") -> Mapping[str, object]:
        """The options of an engine that asks the server whose engine is of the kind `behind` and has this context."""
        if (context, behind) not in self._options:
            settings = SETTINGS.format(kind=behind, context=context)
            if behind == "llama":
                tiny = write_tiny_gguf(self._directory / "tiny.gguf", context=8192)
                settings = settings.replace("[speech", f'model = "{tiny}"\n[speech', 1)
            home = self._directory / f"{behind}-{context}"
            server = self._stack.enter_context(running_server(home, settings))
            key = home / "key"
            key.write_text(server.api_key, encoding="utf-8")
            self._options[context, behind] = {"base_url": server.base_url, "api_key_file": str(key)}
        return self._options[context, behind]


async def open_kind(kind: str, *, context: int, servers: Servers) -> ChatEngine:
    """An engine of a kind; the upstreams' is the engine of the server that they ask."""
    asked, _, behind = kind.partition(" over ")
    if behind == "a link":
        return await link_chat(await open_chat(asked, {"context": context}, find_model=find))
    options = servers.options(context, behind or "scripted") if kind in UPSTREAMS else {"context": context}
    return await open_chat(asked, options, find_model=find)


class Open(Protocol):
    async def __call__(self, context: int) -> ChatEngine: ...


async def try_to(engine: ChatEngine, request: ChatRequest) -> ChatReply | None:
    """The reply; None where another server's dialect has no words for what is asked, and says so."""
    try:
        return await collect(engine.reply(request))
    except NotSupported:
        assert not isinstance(engine, (LlamaEngine, ScriptedEngine, LinkedChat))
        return None
