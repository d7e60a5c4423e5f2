"""How the suites of engines open one of each kind."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from rhapsode.core.chat import ChatEngine
from rhapsode.engines.registry import open_chat
from rhapsode.models.catalogue import find_model
from tests.live.running import running_server

UPSTREAMS: Final = frozenset({"minimax", "openai"})
"""kinds that ask another server"""
COUNTS_CACHE: Final = frozenset({"llama", "openai", "scripted"})
"""kinds whose usage says how much of a prompt was known; ChatCompletion Pro has no field for it"""

SCRIPTED: Final = """
[chat.engines.embedded]
kind = "scripted"
context = {context}
[embed]
default = "scripted"
[embed.engines.scripted]
kind = "scripted"
context = {context}
"""


def find(name: str) -> Path:
    return find_model(name, directory=Path("nowhere"))


class Servers:
    """Servers of ours with the engines `scripted`, for engines that ask another server: one for each context."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self._stack = stack
        self._directory = directory
        self._options: dict[int, dict[str, object]] = {}

    def options(self, context: int) -> Mapping[str, object]:
        """The options of an engine that asks the server of this context."""
        if context not in self._options:
            settings = SCRIPTED.format(context=context)
            home = self._directory / str(context)
            server = self._stack.enter_context(running_server(home, settings))
            key = home / "key"
            key.write_text(server.api_key, encoding="utf-8")
            self._options[context] = {"base_url": server.base_url, "api_key_file": str(key)}
        return self._options[context]


async def open_kind(kind: str, *, context: int, servers: Servers) -> ChatEngine:
    """An engine of a kind; the upstreams' is the engine of the server that they ask."""
    options = servers.options(context) if kind in UPSTREAMS else {"context": context}
    return await open_chat(kind, options, find_model=find)
