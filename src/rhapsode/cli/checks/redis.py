"""Redis, where limits are counted together: whether it answers, and its clock."""

import asyncio
import os
import time
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok
from rhapsode.cli.checks.skew import check_skew
from rhapsode.core.errors import SettingsError
from rhapsode.server.app import open_limiter
from rhapsode.settings.home import Home
from rhapsode.settings.shape import LimitSettings

_SECONDS: Final = 3.0


def check_redis(home: Home, settings: LimitSettings) -> list[Finding]:
    """Nothing where the settings name none."""
    try:
        asyncio.run(_read_as_a_start_does(home))
    except SettingsError as error:
        return [fail("redis", words.REDIS_SETTINGS, words.PLACE_FIX, reason=error.message)]
    url = os.environ.get(settings.redis_url_env, "") if settings.redis_url_env else settings.redis_url
    if not url:
        return []
    try:
        with Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS) as redis:  # pyright: ignore[reportUnknownMemberType]
            redis.ping()  # pyright: ignore[reportUnknownMemberType] - the connection takes longer than the question
            began = time.perf_counter()
            seconds, micros = redis.time()  # pyright: ignore[reportUnknownMemberType]
            took = time.perf_counter() - began
    except (RedisError, OSError, ValueError) as error:
        # Its words may hold the address, and that a password.
        return [fail("redis", words.REDIS_SILENT, words.REDIS_FIX, reason=type(error).__name__)]
    ahead = float(seconds) + float(micros) / 1e6 - time.time()
    return [ok("redis", words.REDIS, milliseconds=round(1000 * took, 1)), check_skew("redis clock", ahead)]


async def _read_as_a_start_does(home: Home) -> None:
    await open_limiter(home).close()
