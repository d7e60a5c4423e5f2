"""Scripts run by Redis over one connection: what is asked while an answer is awaited goes together with the next.

So everything that this process asks is done in the order in which it was asked, whoever takes long to read the answer;
and 500 callers at once are a few questions, where a pool of connections makes 500 and its own queue.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final, cast

from redis.asyncio import ConnectionPool
from redis.exceptions import NoScriptError, RedisError, ResponseError

from rhapsode.accounts.quota.scripts import RENEW, SETTLE, TAKE
from rhapsode.core.errors import SettingsError

ANSWER_SECONDS: Final = 0.2
"""A Redis that takes longer is slow, and counts as gone."""

_LAST_LOOK: Final = 0.1
"""Where it was this process that stood still, the answer has come meanwhile, and is read in this time."""

_AT_ONCE: Final = 128

_DIGESTS: Final = {
    script: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (TAKE, SETTLE, RENEW)
}

Argument = str | int
_Call = tuple[tuple[Argument, ...], asyncio.Future[object]]


class RedisCalls:
    """For one event loop. `patience` is in seconds."""

    def __init__(self, url: str, *, patience: float = ANSWER_SECONDS) -> None:
        """Raises `SettingsError` for the address; nothing is asked of Redis yet."""
        try:
            pool = ConnectionPool.from_url(url, protocol=2)  # pyright: ignore[reportUnknownMemberType] - its options have no types
            self._connection = pool.make_connection()
        except (ValueError, TypeError, AttributeError):  # its message may hold the password
            rule = "limits.redis_url: must be redis://, rediss:// or unix:// and an address"
            raise SettingsError(rule) from None
        self._patience = patience
        self._waiting: list[_Call] = []
        self._working: asyncio.Task[None] | None = None

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> object:
        """What a script answers. Raises `ConnectionError` when Redis is slow or gone; it may have been run then."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((("EVALSHA", _DIGESTS[script], len(keys), *keys, *arguments), answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def close(self) -> None:
        """Return when what was asked is answered, or will not be."""
        while self._working is not None:
            await asyncio.wait([self._working])
        await self._connection.disconnect(nowait=True)

    async def _work(self) -> None:
        """Ask as long as there is something to ask."""
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                try:
                    answers = await self._within_patience([command for command, _ in calls])
                except (RedisError, OSError) as fault:
                    await self._connection.disconnect(nowait=True)
                    calls, self._waiting = [*calls, *self._waiting], []
                    answers = [fault] * len(calls)
                for (_, future), answer in zip(calls, answers, strict=True):
                    _tell(future, answer)
        finally:
            self._working = None

    async def _within_patience(self, commands: list[tuple[Argument, ...]]) -> list[object]:
        asking = asyncio.create_task(self._ask(commands))
        try:
            await asyncio.wait([asking], timeout=self._patience)
            if not asking.done():
                await asyncio.wait([asking], timeout=_LAST_LOOK)
            if not asking.done():
                raise TimeoutError(f"no answer for {self._patience} s")
            return asking.result()
        finally:
            if not asking.done():
                asking.cancel()
                await asyncio.wait([asking], timeout=_LAST_LOOK)

    async def _ask(self, commands: list[tuple[Argument, ...]]) -> list[object]:
        connection = self._connection
        if not connection.is_connected:
            await connection.connect()
            await self._load()
        answers = await self._exchange(commands)
        unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # somebody made it forget them
            await self._load()
            again = await self._exchange([commands[place] for place in unknown])
            for place, answer in zip(unknown, again, strict=True):
                answers[place] = answer
        return answers

    async def _load(self) -> None:
        await self._exchange([("SCRIPT", "LOAD", script) for script in _DIGESTS])

    async def _exchange(self, commands: list[tuple[Argument, ...]]) -> list[object]:
        connection = self._connection
        await connection.send_packed_command(connection.pack_commands(commands))
        answers: list[object] = []
        for _ in commands:
            try:
                answers.append(cast("object", await connection.read_response()))
            except ResponseError as refusal:
                answers.append(refusal)
        return answers


def _tell(future: asyncio.Future[object], answer: object) -> None:
    if future.done():  # who asked is gone
        return
    if isinstance(answer, Exception):
        fault = ConnectionError("Redis is slow or gone")
        fault.__cause__ = answer
        future.set_exception(fault)
    else:
        future.set_result(answer)
