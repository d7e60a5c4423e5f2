"""Where a slot stops, as a caller's regular expression: RE2's, whose time is in proportion to the text."""

from typing import Final, Protocol, cast

import re2

from rhapsode.engines.chat.constrain.regex import CannotEnforce


class Found(Protocol):
    """A match."""

    def start(self) -> int:
        """Where it begins."""
        ...


class StopPattern(Protocol):
    """An expression that is ready to be looked for."""

    def search(self, text: str, start: int = 0, /) -> Found | None:
        """The first match, from a place on."""
        ...


class _Options(Protocol):
    log_errors: bool


class _Re2(Protocol):
    """The package, which has no types: all that is used of it."""

    error: type[Exception]

    def Options(self) -> _Options: ...  # noqa: N802 - the package's name
    def compile(self, pattern: str, options: _Options, /) -> StopPattern: ...


_re2: Final = cast("_Re2", re2)


def read_stop(pattern: str) -> StopPattern:
    """Raises `CannotEnforce`."""
    options = _re2.Options()
    options.log_errors = False
    try:
        found = _re2.compile(pattern, options)
    except _re2.error as fault:
        raise CannotEnforce(f"a stop that is no regular expression of RE2 ({fault})") from fault
    if found.search("") is not None:
        raise CannotEnforce("a stop that matches the empty text")
    return found
