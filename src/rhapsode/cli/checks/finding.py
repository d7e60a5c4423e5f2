"""What a look at the installation found: how it stands, in words, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

Fact = str | int | float


class Level(Enum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    """it works, perhaps not as well as it could"""
    FAIL = "fail"
    """it does not work"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence in both languages. Names in braces are filled in by `str.format`."""

    english: str
    chinese: str

    def told(self, facts: Mapping[str, Fact], *, chinese: bool) -> str:
        """With its facts, on one line: what a driver says may have several."""
        told = (self.chinese if chinese else self.english).format(**facts)
        return " ".join(line.strip() for line in told.splitlines())


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`check` names what was looked at. `fix` says what to do; what is well needs none."""

    check: str
    level: Level
    said: Said
    fix: Said | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])


def ok(check: str, said: Said, **facts: Fact) -> Finding:
    """All is well."""
    return Finding(check=check, level=Level.OK, said=said, facts=facts)


def warn(check: str, said: Said, fix: Said, **facts: Fact) -> Finding:
    """It could be better."""
    return Finding(check=check, level=Level.WARN, said=said, fix=fix, facts=facts)


def fail(check: str, said: Said, fix: Said, **facts: Fact) -> Finding:
    """It does not work."""
    return Finding(check=check, level=Level.FAIL, said=said, fix=fix, facts=facts)
