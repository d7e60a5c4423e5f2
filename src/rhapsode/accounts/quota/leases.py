"""Places that calls hold, counted by Redis for many processes.

A place is a lease that its process renews: those of a process that was killed end by themselves. `limits` counts
windows and knows nothing of places, so this is a script of our own, which takes a place in each of several or in none.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from rhapsode.accounts.quota.ask import Window

LEASE_SECONDS: Final = 45
"""After so long a killed process's places are free."""

RENEWED_SECONDS: Final = 12.0
"""Three renewals may fail before a place is lost that is held."""

_PREFIX: Final = "rhapsode:places:"

# Redis's own clock, so that those of the servers need not agree. KEYS: where a place is wanted; ARGV: the lease, how
# long it is good in ms, and how many places there are at each. The answer is which had none, counted from 1, or 0.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return i end
end
for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now + ARGV[2], ARGV[1])
    redis.call('PEXPIRE', key, ARGV[2])
end
return 0
"""

# KEYS: where places are held; ARGV: how long they are good in ms, and the lease that holds each.
_RENEW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, 'XX', now + ARGV[1], ARGV[1 + i])
    redis.call('PEXPIRE', key, ARGV[1])
end
"""


class Leases:
    """For one event loop."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._renew = redis.register_script(_RENEW)
        self._held: dict[str, tuple[str, ...]] = {}
        self._renewing: asyncio.Task[None] | None = None

    async def take(self, windows: Sequence[Window]) -> str | Window:
        """A lease on a place in each, or the one where none is free. Raises `RedisError`, `OSError`."""
        lease = secrets.token_hex(12)
        keys = tuple(_PREFIX + window.key for window in windows)
        full: int = await self._take(keys, [lease, LEASE_SECONDS * 1000, *(window.limit for window in windows)])
        if full:
            return windows[full - 1]
        self._held[lease] = keys
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew_all())
        return lease

    async def leave(self, lease: str) -> None:
        """Free the places. Raises `RedisError`, `OSError`: then they are free when the lease ends."""
        keys = self._held.pop(lease, ())
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.zrem(key, lease)
            await pipeline.execute()

    async def close(self) -> None:
        """End the renewing; places that are held are free when their leases end."""
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing

    async def _renew_all(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_SECONDS)
            pairs = [(key, lease) for lease, keys in self._held.items() for key in keys]
            if pairs:
                with suppress(RedisError, OSError):  # the next time is soon enough
                    await self._renew([key for key, _ in pairs], [LEASE_SECONDS * 1000, *(it for _, it in pairs)])
