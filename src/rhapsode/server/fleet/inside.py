"""The inside of each of many processes: its order, its answer, and the words that come later."""

import asyncio
import signal
from collections.abc import Callable
from typing import TypeVar

import msgspec

from rhapsode.link.child import Orders, die_with_parent, take_standard_output
from rhapsode.server.fleet.orders import Answer

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
        self._out.write(msgspec.json.encode(answer) + b"\n")
        self._out.close()

    def follow(self, told: Callable[[str], None]) -> None:
        """Have `told` called with each later word, on the event loop that runs now."""
        loop = asyncio.get_running_loop()
        self._orders.follow(lambda word: loop.call_soon_threadsafe(told, word) and None)
