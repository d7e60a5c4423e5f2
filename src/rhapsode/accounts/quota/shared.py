"""Counting in Redis, for many processes: `limits` has the windows, `leases` the places.

One window is counted in at one go, exactly. Where a call needs room in several, all are looked at first, and then it is
counted in those that fewer callers share before those that more share: of processes that ask in the same moment, one
may find the last window full after it was counted in the first ones. Never is more let through than may be.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final

from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from limits.errors import StorageError as LimitsStorageError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from rhapsode.accounts.quota.ask import MINUTE, Ask, Window
from rhapsode.accounts.quota.leases import Leases
from rhapsode.accounts.quota.memory import item_of
from rhapsode.accounts.quota.refused import (
    seconds_until_room,
    too_many_at_once,
    too_many_requests,
    too_many_units,
)
from rhapsode.core.errors import SettingsError

_FAULTS: Final = (RedisError, LimitsStorageError, OSError)
"""What a Redis that is slow or gone raises here; others see an `OSError`."""

CONNECT_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 1.0
CONNECTIONS: Final = 16

_NO_LIMIT: Final = 2**53


class SharedHold:
    """What a call holds, until it is settled."""

    def __init__(self, shared: "SharedQuota", ask: Ask, lease: str) -> None:
        self._shared = shared
        self._ask = ask
        self._lease = lease

    async def settle(self, amount: int, /) -> None:
        """Of `Permit`. It is told to Redis beside what goes on."""
        self._shared.settle(self._ask, self._lease, amount)


class SharedQuota:
    """For one event loop."""

    def __init__(self, url: str) -> None:
        """Raises `SettingsError` for the address; nothing is asked of Redis yet."""
        try:
            pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - its options have no types
                url,
                max_connections=CONNECTIONS,
                timeout=ANSWER_SECONDS,
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
            )
        except ValueError as error:  # its message may hold the password
            raise SettingsError("limits.redis_url: must be redis://, rediss:// or unix:// and an address") from error
        self._redis = Redis(connection_pool=pool)
        # The address is not looked at where there is a pool, but for what kind of server it is.
        self._storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            connection_pool=pool,  # pyright: ignore[reportArgumentType] - it is passed on as it is
        )
        self._requests = MovingWindowRateLimiter(self._storage)
        self._units = SlidingWindowCounterRateLimiter(self._storage)
        self._leases = Leases(self._redis)
        self._later: set[asyncio.Task[None]] = set()

    async def take(self, ask: Ask) -> SharedHold:
        """Count a call. Raises `LimitError`, and `OSError` when Redis is slow or gone."""
        try:
            return await self._take(ask)
        except (RedisError, LimitsStorageError) as fault:
            raise ConnectionError("Redis is slow or gone") from fault

    async def _take(self, ask: Ask) -> SharedHold:
        lease = ""
        if ask.parallel:
            taken = await self._leases.take(ask.parallel)
            if isinstance(taken, Window):
                raise too_many_at_once(taken)
            lease = taken
        try:
            if len(ask.requests) + len(ask.units) > 1:
                await self._look(ask)
            for window in ask.requests:
                if not await self._requests.hit(item_of(window.limit), window.key):
                    await self._refuse_request(window)
            for window in ask.units:
                if not await self._units.hit(item_of(window.limit), window.key, cost=ask.amount):
                    await self._refuse_units(window, ask)
        except BaseException:  # cancelled too: the place is given back
            if lease:
                self._do(self._leases.leave(lease))
            raise
        return SharedHold(self, ask, lease)

    def settle(self, ask: Ask, lease: str, amount: int) -> None:
        """A call is over, and took so much."""
        if lease:
            self._do(self._leases.leave(lease))
        if amount > ask.amount and ask.units:
            self._do(self._charge(ask, amount - ask.amount))

    async def ping(self) -> None:
        """Return when Redis answers. Raises `OSError`."""
        try:
            await self._redis.ping()  # pyright: ignore[reportUnknownMemberType]
        except RedisError as fault:
            raise ConnectionError("Redis is slow or gone") from fault

    async def close(self) -> None:
        """Return when all is told, or could not be."""
        while self._later:
            await asyncio.wait(self._later)
        await self._leases.close()
        await self._redis.aclose(close_connection_pool=True)

    async def _look(self, ask: Ask) -> None:
        """Raise `LimitError` where there is no room, before anything is counted."""
        rooms = await asyncio.gather(
            *(self._requests.test(item_of(window.limit), window.key) for window in ask.requests),
            *(self._units.test(item_of(window.limit), window.key, cost=ask.amount) for window in ask.units),
        )
        for window, room in zip((*ask.requests, *ask.units), rooms, strict=True):
            if not room:
                await (self._refuse_request(window) if window in ask.requests else self._refuse_units(window, ask))

    async def _refuse_request(self, window: Window) -> None:
        item = item_of(window.limit)
        oldest, _ = await self._storage.get_moving_window(item.key_for(window.key), window.limit, MINUTE)
        raise too_many_requests(window, seconds=oldest + MINUTE - time.time())

    async def _refuse_units(self, window: Window, ask: Ask) -> None:
        key = item_of(window.limit).key_for(window.key)
        before, before_seconds, now, now_seconds = await self._storage.get_sliding_window(key, MINUTE)
        seconds = seconds_until_room(
            window,
            ask.amount,
            before=before,
            before_seconds=before_seconds,
            now=now,
            now_seconds=now_seconds - MINUTE,
        )
        raise too_many_units(window, ask, seconds=seconds)

    async def _charge(self, ask: Ask, amount: int) -> None:
        for window in ask.units:
            key = item_of(window.limit).key_for(window.key)
            await self._storage.acquire_sliding_window_entry(key, _NO_LIMIT, MINUTE, amount)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_forgiven(work))
        self._later.add(task)
        task.add_done_callback(self._later.discard)


async def _forgiven(work: Coroutine[Any, Any, None]) -> None:
    """A place ends by itself, and what a Redis that is gone was not told it has forgotten anyway."""
    try:
        async with asyncio.timeout(2 * ANSWER_SECONDS):
            await work
    except _FAULTS:
        pass
