"""Answers of the last moment, kept so that a busy caller costs one look-up a moment instead of one a request."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

AnswerT = TypeVar("AnswerT")


class Recent(Generic[AnswerT]):
    """Look-ups that found something are good for `ttl` seconds, counted from when they were asked.

    At most `size` are held, the oldest go first. Requests that ask for the same thing at once share one look-up, its
    failure included. Nothing found is never kept.
    """

    def __init__(
        self,
        find: Callable[[bytes], Coroutine[None, None, AnswerT | None]],
        *,
        ttl: float,
        size: int,
        clock: Callable[[], float],
    ) -> None:
        self._find = find
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[float, AnswerT]] = OrderedDict()
        self._asked: dict[bytes, asyncio.Task[AnswerT | None]] = {}

    async def get(self, key: bytes) -> AnswerT | None:
        """The answer, at most `ttl` old. Raises what the look-up raises."""
        held = self._held.get(key)
        if held is not None and self._clock() < held[0]:
            return held[1]
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(self._ask(key, self._clock() + self._ttl))
            task.add_done_callback(_see)
        # Shielded: a caller that hangs up does not take the answer away from those who wait with it.
        return await asyncio.shield(task)

    async def _ask(self, key: bytes, good_until: float) -> AnswerT | None:
        self._held.pop(key, None)
        try:
            answer = await self._find(key)
        finally:
            del self._asked[key]
        if answer is not None:
            self._held[key] = (good_until, answer)
            if len(self._held) > self._size:
                self._held.popitem(last=False)
        return answer


def _see(task: "asyncio.Task[AnswerT | None]") -> None:
    """Look at a failure, so that asyncio does not report it when all who waited have gone."""
    if not task.cancelled():
        task.exception()
