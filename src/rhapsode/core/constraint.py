"""The form that a reply must have. An engine enforces it while it decodes; it is not begged for in the prompt."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class JsonDocument:
    """The reply is one JSON document that `schema`, a JSON schema, describes; an empty schema takes any object.

    `must_close`: the document ends within `max_tokens`, its strings and arrays kept short enough for it; raises
    `InvalidField` where no such document is short enough. Otherwise the limit may cut it.
    """

    schema: Mapping[str, object]
    must_close: bool = False


@dataclass(frozen=True, kw_only=True)
class Literal:
    """Text that stands in the reply as it is."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Gen:
    """A slot that the model fills.

    It ends before the first match of `stop`; what it holds matches `pattern` as a whole. Both are regular expressions,
    and absent when empty. `temperature` and `max_tokens`, where they are given, hold for this slot alone; a slot that
    `max_tokens` cuts, which count from its first character on, may hold the beginning of a match only.
    """

    name: str
    stop: str = ""
    pattern: str = ""
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Select:
    """A slot that holds one of `options`: as they are, or, if `is_regex`, a match of one of them as a whole."""

    name: str
    options: tuple[str, ...]
    is_regex: bool = False


@dataclass(frozen=True, kw_only=True)
class Glyph:
    """The reply is these parts, one after the other."""

    parts: tuple[Literal | Gen | Select, ...]


Constraint = JsonDocument | Glyph
