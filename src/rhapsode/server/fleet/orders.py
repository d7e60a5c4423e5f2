"""What the parent of many processes tells each of them at its start, and what each answers once: lines of JSON."""

from collections.abc import Mapping
from typing import Final

import msgspec

from rhapsode.core.errors import RhapsodeError
from rhapsode.link.faults import read_fault, write_fault
from rhapsode.telemetry.logs import LogLevel

GO: Final = "go"
"""to a server that is ready: take calls"""
DRAIN: Final = "drain"
"""to a server: as SIGTERM; said again, end without waiting"""
END: Final = "end"
"""to the engine process: nobody needs it any more"""
PING: Final = "ping"
"""to each that is ready: answer `PONG`, from the event loop that calls are served by"""
PONG: Final = b"pong\n"


class EngineOrder(msgspec.Struct, frozen=True):
    """An engine to be opened: its kind and its options, as the settings file has them."""

    kind: str
    options: Mapping[str, object]


class EnginesOrder(msgspec.Struct, frozen=True, kw_only=True):
    """For the engine process: the engines by name, the directory of models, and the socket to listen at."""

    socket: str
    models: str
    chat: Mapping[str, EngineOrder]
    embed: Mapping[str, EngineOrder]
    speech: Mapping[str, EngineOrder]
    json_logs: bool
    log_level: LogLevel


class ServerOrder(msgspec.Struct, frozen=True, kw_only=True):
    """For a server: its home, its number of how many, the socket that calls come to, and where to ask.

    The engine process listens at `engines`, and at `counting` the parent counts what callers take; it is empty where
    Redis counts. `administration` is the socket that administrators come to, if they have one of their own. `missing`
    is what the engine process says is not installed, and how to.
    """

    home: str
    index: int
    of: int
    listener: int
    administration: int | None
    engines: str
    counting: str
    missing: str | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """It is ready, or why it cannot be. `missing`: what is not installed, and how to."""

    missing: str | None = None
    fault: bytes | None = None

    def check(self) -> "Answer":
        """Raises the fault, where there is one."""
        if self.fault is not None:
            raise read_fault(self.fault)
        return self


def answer_of(fault: RhapsodeError) -> Answer:
    """Why it cannot be."""
    return Answer(fault=write_fault(fault))
