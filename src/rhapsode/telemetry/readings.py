"""What the parts of a server tell of themselves when they are asked: how busy an engine is, how far behind a queue."""

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

Name = Literal["waiting", "running", "places", "worker_deaths", "resting"]
"""Of an engine: calls or pieces of work that wait, those that are worked on, how many could be at once, how many of its
processes have died so far, and 1 while its server is given a rest after failures, else 0."""


@runtime_checkable
class Telling(Protocol):
    """An engine that can say how it is. It is asked once a second: it looks at what it has, and never waits."""

    def readings(self) -> Mapping[Name, float]:
        """What it knows; an engine leaves out what it does not have."""
        ...
