"""What happens while a model is fetched, for whoever tells it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Present:
    """The file is here already; nothing was fetched."""

    path: Path


@dataclass(frozen=True, kw_only=True)
class Installing:
    """A package installer fetches `requirement` and says nothing until it has."""

    requirement: str


@dataclass(frozen=True, kw_only=True)
class WaitingForAnother:
    """Another process fetches the same file."""


@dataclass(frozen=True, kw_only=True)
class CheckingPart:
    """The `size` bytes that an earlier attempt left are read, to go on from them."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Bytes come now, after the first `have` of `size`; of a `size` that nobody knows when it is None."""

    have: int
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """`have` bytes are here."""

    have: int


@dataclass(frozen=True, kw_only=True)
class Retrying:
    """It broke off for `reason`, and is tried again in `seconds`."""

    reason: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Done:
    """The whole file is at `path`, and is the one that was meant."""

    path: Path


PullEvent: TypeAlias = Present | Installing | WaitingForAnother | CheckingPart | Begun | Moved | Retrying | Done
Tell: TypeAlias = Callable[[PullEvent], None]
