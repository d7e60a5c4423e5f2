"""A native call that reports through callbacks, on a thread of its own, as an iterator on the event loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Self

from rhapsode.core.errors import EngineError

Listener = Callable[[bytes], bool]
"""Takes a chunk; true asks the native call to end."""

NATIVE_ERRORS = (RuntimeError, ValueError, LookupError, ArithmeticError, TypeError, MemoryError, OSError)
"""What Cython makes of C++ exceptions."""


class NativeCall:
    """One call, under way from the start until its thread has returned. To be used with `async with`, and read.

    It is no generator, since an event loop that shuts down closes all generators at once, the inner before the outer.
    The chunks that wait to be read are bounded by what the call can produce: a reply has a token limit.
    """

    def __init__(self, work: Callable[[Listener], None], *, on_end: Callable[[], None]) -> None:
        """`on_end` is called on the event loop when the native code has returned, however it ended."""
        self._loop = asyncio.get_running_loop()
        self._on_end = on_end
        self._arrived: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._told = False
        self._stopped = False
        self._error: Exception | None = None
        self._ended = asyncio.Event()
        # No daemon: the interpreter must not be taken down under native code that is about to call back into it.
        # It alone holds `work`, and what is bound in it: the model must be free to go when the call has ended. So it is
        # handed over in a list and taken out: a thread keeps its arguments for longer than that.
        threading.Thread(target=self._run, args=([work],), name="chat").start()

    def stop(self) -> None:
        """Ask the native code to end; it does so at its next chunk."""
        self._stopped = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the call, and waits until it has ended."""
        self.stop()
        await self._ended.wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next chunk. Raises `EngineError`."""
        while not self._arrived:
            if self._ended.is_set():
                if self._error is not None:
                    raise EngineError(f"llama.cpp failed: {type(self._error).__name__}") from self._error
                raise StopAsyncIteration
            await self._news.wait()
            self._news.clear()
            self._told = False  # before the next look: what comes later tells again
        return self._arrived.popleft()

    def _run(self, given: list[Callable[[Listener], None]]) -> None:
        work = given.pop()
        try:
            work(self._take)
        except NATIVE_ERRORS as error:
            self._error = error
        finally:
            del work
            self._tell(self._end)

    def _take(self, chunk: bytes) -> bool:
        """On the native thread. It must not raise: the binding would swallow it."""
        self._arrived.append(chunk)
        if not self._told:  # one wake-up for all that comes before the loop looks
            self._told = True
            self._tell(self._news.set)
        # When the main thread has ended, the interpreter waits for this one.
        return self._stopped or not threading.main_thread().is_alive()

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed: nobody listens
            self._stopped = True

    def _end(self) -> None:
        self._ended.set()
        self._news.set()
        self._on_end()
