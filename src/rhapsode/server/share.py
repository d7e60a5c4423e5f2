"""The part of a server's work that falls to one of several processes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Share:
    """Which part of a server's work this process does: it is number `index` of `of`, counted from 0."""

    index: int = 0
    of: int = 1

    def of_parallel(self, most: int) -> int:
        """How much of what `most` may do at once, in all processes, falls to this one."""
        return most // self.of + (self.index < most % self.of)
