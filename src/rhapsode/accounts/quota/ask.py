"""Which windows a call must find room in: the rules of its caller, as things to count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rhapsode.core.caller import Caller
from rhapsode.core.errors import OutOfMoney
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.limiter import Unit

MINUTE: Final = 60
"""Seconds that a window is long."""


@dataclass(frozen=True, slots=True)
class Window:
    """Something that is counted, `key`, and how much of it there may be. `whose` says in words who shares it."""

    key: str
    limit: int
    whose: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request in each of `requests`, `amount` in each of `units`, and a place in each of `parallel`.

    What is shared by fewer comes first: there a call is refused before it has taken from what more callers share.
    """

    requests: tuple[Window, ...]
    units: tuple[Window, ...]
    parallel: tuple[Window, ...]
    unit: Unit
    amount: int

    def divided(self, by: int) -> "Ask":
        """What one of several processes may have where they cannot count together: at least 1 of each."""

        def less(windows: tuple[Window, ...]) -> tuple[Window, ...]:
            return tuple([replace(window, limit=max(1, window.limit // by)) for window in windows])

        return replace(self, requests=less(self.requests), units=less(self.units), parallel=less(self.parallel))


def read_ask(caller: Caller, default: LimitRule, *, model: str, unit: Unit, amount: int) -> Ask | None:
    """What the caller's rules make of a call; None where nothing is counted. `default` is for groups without a rule.

    `model` is empty for a call that costs nothing but to be answered. Raises `OutOfMoney`.
    """
    rules = [*_rules_of(caller, default, model)]
    if model:
        _check_money(caller, rules)
    requests: list[Window] = []
    units: list[Window] = []
    parallel: list[Window] = []
    for rule in rules:
        key, whose = f"{rule.scope.value}:{rule.scope_id}:{rule.model.casefold()}", _whose(rule)
        if rule.requests_per_minute is not None:
            requests.append(Window(key, rule.requests_per_minute, whose))
        if rule.parallel is not None:
            parallel.append(Window(key, rule.parallel, whose))
        figure = rule.tokens_per_minute if unit is Unit.TOKENS else rule.characters_per_minute
        if figure is not None and amount:
            units.append(Window(f"{key}:{unit.value}", figure, whose))
    if not requests and not units and not parallel:
        return None
    return Ask(tuple(requests), tuple(units), tuple(parallel), unit, amount)


def _rules_of(caller: Caller, default: LimitRule, model: str) -> Iterator[LimitRule]:
    """Those of the key before those of the group, and those of the model before those of all models."""
    name = model.casefold()
    for scope in (Scope.KEY, Scope.GROUP):
        theirs = [rule for rule in caller.limits if rule.scope is scope]
        if name:
            yield from [rule for rule in theirs if rule.model.casefold() == name]
        of_all: Sequence[LimitRule] = [rule for rule in theirs if not rule.model]
        if scope is Scope.GROUP and not of_all:
            of_all = (replace(default, scope_id=caller.group_id),)
        yield from of_all


def _check_money(caller: Caller, rules: Sequence[LimitRule]) -> None:
    if caller.balance is not None and caller.balance <= 0:
        raise OutOfMoney("the group's balance is used up")
    for rule in rules:
        if rule.spend_per_month is not None and rule.spent >= rule.spend_per_month:
            raise OutOfMoney(f"{_whose(rule)} has spent what it may in this month")


def _whose(rule: LimitRule) -> str:
    return f"this {rule.scope.value}" + (f" with the model {rule.model}" if rule.model else "")
