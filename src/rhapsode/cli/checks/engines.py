"""The engines that hold no model: opened as a start opens them, and closed again. Nobody is asked anything."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Protocol

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail
from rhapsode.core.errors import EngineMissing, SettingsError
from rhapsode.engines.registry import CHAT, EMBED, SHARED, open_search
from rhapsode.server.engine_opener import OwnEngines
from rhapsode.settings.home import Home
from rhapsode.settings.shape import EngineSetting, SearchSettings, Settings


class _Opened(Protocol):
    async def close(self) -> None: ...


class _Opens(Protocol):
    def __call__(self, name: str, kind: str, options: Mapping[str, object], /) -> Awaitable[_Opened]: ...


def check_engines(home: Home, settings: Settings) -> list[Finding]:
    """What a start would refuse of them: options, a key that is not there, a certificate. Nothing where all is well.

    Those that hold a model are `models.py`'s, and the one that speaks is `voices.py`'s.
    """
    return asyncio.run(_check(home, settings))


async def _check(home: Home, settings: Settings) -> list[Finding]:
    own = OwnEngines(home.models)
    found: list[Finding] = []
    for name, setting in settings.chat.engines.items():
        if setting.kind in CHAT:
            found += await _open(f"chat engine {name}", own.chat, setting)
    for name, setting in settings.embed.engines.items():
        if setting.kind in EMBED:
            found += await _open(f"embed engine {name}", own.embed, setting)
    return [*found, *await _open_search(settings.search)]


async def _open(check: str, opens: _Opens, setting: EngineSetting) -> list[Finding]:
    if setting.kind in SHARED:
        return []
    try:
        engine = await opens(check, setting.kind, setting.options)
    except EngineMissing:  # of a package, which is told of its extra
        return []
    except SettingsError as error:
        return [fail(check, words.UPSTREAM_SETTINGS, words.PLACE_FIX, reason=error.message)]
    await engine.close()
    return []


async def _open_search(settings: SearchSettings) -> list[Finding]:
    if not settings.url:
        return []
    try:
        engine = open_search(settings.url, results=settings.results, timeout=settings.timeout)
    except SettingsError as error:
        return [fail("search", words.UPSTREAM_SETTINGS, words.SETTINGS_FIX, reason=error.message)]
    await engine.close()
    return []
