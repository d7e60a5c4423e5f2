"""A regular language as its places: which character stands at each, which places may follow, which may be the last.

This is Glushkov's construction: it has no empty steps, and every place can be reached and can reach an end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from rhapsode.engines.chat.constrain.characters import Ranges

MOST_PLACES: Final = 4000
MOST_STEPS: Final = 40_000
MOST_RANGES: Final = 50_000
"""of the different sets of characters, all together: 0.5 s. Beyond, an expression is refused as `TooLarge`."""


class TooLarge(Exception):
    """What a caller asks for takes more places, steps or states than one grammar may."""


@dataclass(frozen=True)
class Part:
    """A part of an expression: where it begins and ends, and whether it may hold nothing at all."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    empty: bool


NOTHING: Final = Part((), (), empty=True)


class Places:
    """The places of one expression as it is put together. A part may be used once."""

    def __init__(self) -> None:
        self.characters: list[Ranges] = []
        self.following: list[set[int]] = []
        self._sets: set[int] = set()  # by identity: equal ones are mostly the same
        self._steps = self._ranges = 0

    @property
    def work(self) -> int:
        """What it took to read them, in steps of half a microsecond."""
        return 40 * len(self.characters) + 4 * self._ranges

    def character(self, ranges: Ranges) -> Part:
        """One character of a set, which must not be empty."""
        if id(ranges) not in self._sets:
            self._sets.add(id(ranges))
            self._ranges += len(ranges)
        if len(self.characters) >= MOST_PLACES or self._ranges > MOST_RANGES:
            raise TooLarge
        place = len(self.characters)
        self.characters.append(ranges)
        self.following.append(set())
        return Part((place,), (place,), empty=False)

    def sequence(self, parts: Iterable[Part]) -> Part:
        """One after the other."""
        whole = NOTHING
        for part in parts:
            self._lead(whole.last, part.first)
            whole = Part(
                first=whole.first + part.first if whole.empty else whole.first,
                last=part.last + whole.last if part.empty else part.last,
                empty=whole.empty and part.empty,
            )
        return whole

    def choice(self, parts: Iterable[Part]) -> Part:
        """One of them."""
        listed = list(parts)
        return Part(
            first=tuple(place for part in listed for place in part.first),
            last=tuple(place for part in listed for place in part.last),
            empty=any(part.empty for part in listed),
        )

    def repetition(self, make: Callable[[], Part], least: int, most: int | None) -> Part:
        """`make` makes the part anew for every time."""
        times: list[Part] = []
        for _ in range(least if most is None else most):
            times.append(make())
            if not times[-1].first:
                return NOTHING
        if most is None:
            again = make()
            self._lead(again.last, again.first)
            return self.sequence([*times, Part(again.first, again.last, empty=True)])
        # Each of the optional ones within the one before it: all in a row would be led to from all before them.
        rest = NOTHING
        for part in reversed(times[least:]):
            inside = self.sequence([part, rest])
            rest = Part(inside.first, inside.last, empty=True)
        return self.sequence([*times[:least], rest])

    def _lead(self, last: tuple[int, ...], first: tuple[int, ...]) -> None:
        self._steps += len(last) * len(first)
        if self._steps > MOST_STEPS:
            raise TooLarge
        for place in last:
            self.following[place].update(first)
