"""How much a caller may have."""

from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """Whom a rule is for."""

    GROUP = "group"
    KEY = "key"


@dataclass(frozen=True, kw_only=True)
class LimitRule:
    """What a group or a key may have, of one model or, where `model` is empty, of all together. None is no limit.

    Requests, tokens and characters are counted over the last minute, `parallel` at once, and money, in millionths of
    the currency of the prices, over the calendar month in UTC. `spent` is what this month has cost so far.
    """

    scope: Scope
    scope_id: str
    model: str = ""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    characters_per_minute: int | None = None
    parallel: int | None = None
    spend_per_month: int | None = None
    spent: int = 0
