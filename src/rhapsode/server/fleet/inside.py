"""The inside of each of many processes: its order, its answer, and the words that come later."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec

from rhapsode.link.child import Orders, die_with_parent, take_standard_output
from rhapsode.server.fleet.orders import PING, PONG, Answer

OrderT = TypeVar("OrderT")


class Inside:
    """Made first of all, in the main thread: from then on signals for the parent are the parent's alone."""

    def __init__(self) -> None:
        for stop_signal in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop_signal, signal.SIG_IGN)
        die_with_parent()
        self._out = take_standard_output()
        self._orders = Orders()

    def order(self, kind: type[OrderT]) -> OrderT:
        """What to do."""
        return msgspec.json.decode(self._orders.first(), type=kind)

    def answer(self, answer: Answer) -> None:
        """Tell the parent, once."""
        self._say(msgspec.json.encode(answer) + b"\n")

    def follow(self, told: Callable[[str], None]) -> None:
        """Have `told` called with each later word, on the event loop that runs now, where pings are answered."""
        loop = asyncio.get_running_loop()

        def heard(word: str) -> None:
            with suppress(RuntimeError):  # the loop is closed: this process is at its end
                if word == PING:
                    loop.call_soon_threadsafe(self._say, PONG)
                else:
                    loop.call_soon_threadsafe(told, word)

        self._orders.follow(heard)

    def _say(self, line: bytes) -> None:
        """Short, and never many at once: none waits for the parent to read."""
        with suppress(BrokenPipeError):  # the parent has gone, and so will this process
            self._out.write(line)
            self._out.flush()
