"""The waiting line in front of a model: so many calls inside at once, and one of them in prompt evaluation.

llama.cpp gives a whole batch to one prompt, and lets a call that it keeps waiting not be stopped. So calls wait here,
first come first served, where they can leave at any moment. No throughput is lost: the batches are as full.
"""

import asyncio
from collections import deque
from typing import Final

from rhapsode.core.errors import EngineError, Overloaded

_CLOSED: Final = "the chat engine is closed"


class Place:
    """A call's place inside. `evaluated` and `leave` may be called again, to no effect."""

    def __init__(self, line: "Line") -> None:
        self._line = line
        self._evaluating = True
        self._inside = True

    def evaluated(self) -> None:
        """The prompt is evaluated: the next call may come in."""
        if self._evaluating:
            self._evaluating = False
            self._line.next_prompt()

    async def evaluate(self) -> None:
        """Before another prompt of the same call: until no other is in evaluation. Raises `EngineError` when closed.

        Who is inside goes before who waits outside: it goes on with what the model still knows, which takes a moment.
        """
        if not self._evaluating:
            await self._line.enter_evaluation()
            self._evaluating = True

    def leave(self) -> None:
        """The model does nothing for this call any more."""
        if self._inside:
            self._inside = False
            self._line.next_place()
        self.evaluated()


class Line:
    """`places` may be inside, `longest` may wait."""

    def __init__(self, *, places: int, longest: int) -> None:
        self._free = self.places = places
        self._longest = longest
        self._evaluating = False
        self._waiting: deque[asyncio.Future[Place]] = deque()
        self._returning: deque[asyncio.Future[None]] = deque()
        self._empty = asyncio.Event()
        self._empty.set()
        self.closed = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def inside(self) -> int:
        """How many are inside."""
        return self.places - self._free

    async def enter(self) -> Place:
        """A place, in turn. Raises `Overloaded` when the line is full, `EngineError` when it is closed."""
        if self.closed:
            raise EngineError(_CLOSED)
        turn: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        if len(self._waiting) > self._longest:
            self._waiting.remove(turn)
            raise Overloaded(f"{self._longest} calls are waiting for the model already; try again later")
        try:
            return await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled() and turn.exception() is None:
                turn.result().leave()  # the place came in the same moment
            raise

    def close(self) -> None:
        """Nobody comes in any more; who waits gets an `EngineError`."""
        self.closed = True
        for turn in (*self._waiting, *self._returning):
            if not turn.done():
                turn.set_exception(EngineError(_CLOSED))
        self._waiting.clear()
        self._returning.clear()

    async def emptied(self) -> None:
        """Until nobody is inside."""
        await self._empty.wait()

    async def enter_evaluation(self) -> None:
        """For `Place`: a turn in prompt evaluation."""
        if self.closed:
            raise EngineError(_CLOSED)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._returning.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._returning:
                self._returning.remove(turn)
            elif not turn.cancelled() and turn.exception() is None:
                self.next_prompt()  # the turn came in the same moment
            raise

    def next_prompt(self) -> None:
        """For `Place`: no prompt is in evaluation."""
        self._evaluating = False
        self._admit()

    def next_place(self) -> None:
        """For `Place`: somebody has left."""
        self._free += 1
        if self._free == self.places:
            self._empty.set()
        self._admit()

    def _admit(self) -> None:
        while self._returning and not self._evaluating:
            turn = self._returning.popleft()
            if not turn.done():
                self._evaluating = True
                turn.set_result(None)
        while self._waiting and self._free and not self._evaluating:
            place = self._waiting.popleft()
            if not place.done():  # else cancelled, and not yet told
                self._free -= 1
                self._evaluating = True
                self._empty.clear()
                place.set_result(Place(self))
