"""Which windows a call must find room in: the rules of its caller, as things to count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from rhapsode.core.caller import Caller
from rhapsode.core.errors import OutOfMoney
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.limiter import Unit

MINUTE: Final = 60
"""Seconds that a window is long."""

_MOST_KNOWN: Final = 4096


@dataclass(frozen=True, slots=True)
class Window:
    """Something that is counted, `key`, and how much of it there may be. `whose` says in words who shares it."""

    key: str
    limit: int
    whose: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request in each of `requests`, `amount` in each of `units`, and a place in each of `parallel`."""

    requests: tuple[Window, ...]
    units: tuple[Window, ...]
    parallel: tuple[Window, ...]
    unit: Unit
    amount: int

    @property
    def needed(self) -> int:
        """What there must be room for: where nothing is known yet of what a call will take, for one."""
        return max(1, self.amount)

    def divided(self, by: int) -> "Ask":
        """What one of several processes may have where they cannot count together: at least 1, where there is any."""

        def less(windows: tuple[Window, ...]) -> tuple[Window, ...]:
            return tuple([replace(it, limit=max(1, it.limit // by) if it.limit else 0) for it in windows])

        return replace(self, requests=less(self.requests), units=less(self.units), parallel=less(self.parallel))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every call for one model is counted in. `overdrawn`: why there is no money for it."""

    requests: tuple[Window, ...]
    units: dict[Unit, tuple[Window, ...]]
    parallel: tuple[Window, ...]
    overdrawn: str | None


class Asks:
    """What callers' rules make of their calls. It is worked out once for each key, until its rules change."""

    def __init__(self, default: LimitRule) -> None:
        """`default` is the rule of a group that has none of its own for all models; its scope's id is not looked at."""
        self._default = default
        self._is_default_empty = replace(default, scope_id="") == LimitRule(scope=default.scope, scope_id="")
        self._known: dict[tuple[str, str], tuple[tuple[LimitRule, ...], dict[str, _Plan]]] = {}

    def of(
        self, caller: Caller, *, model: str, unit: Unit, amount: int, counted_for: Sequence[str] | None = None
    ) -> Ask | None:
        """What a call takes; None where nothing is counted.

        `model` is empty for a call that costs nothing but to be answered; `counted_for` is as the door has it. Raises
        `OutOfMoney`.
        """
        if model and caller.balance is not None and caller.balance <= 0:
            raise OutOfMoney("the group's balance is used up")
        if self._is_default_empty and not caller.limits:
            return None
        plans = self._plans_of(caller)
        plan = plans.get(model.casefold()) or plans[""]
        if plan.overdrawn is not None and model:
            raise OutOfMoney(plan.overdrawn)
        units = plan.units[unit] if model else ()
        requests, parallel = plan.requests, plan.parallel
        if counted_for is not None:
            counting = [plans.get(name.casefold()) or plans[""] for name in counted_for]
            requests = tuple(dict.fromkeys(chain.from_iterable(it.requests for it in counting)))
            parallel = tuple(dict.fromkeys(chain.from_iterable(it.parallel for it in counting)))
        if not requests and not units and not parallel:
            return None
        return Ask(requests, units, parallel, unit, amount)

    def _plans_of(self, caller: Caller) -> dict[str, _Plan]:
        """By the models that rules name, and by "" for all others."""
        whose = (caller.group_id, caller.key_id)
        known = self._known.get(whose)
        if known is not None and known[0] == caller.limits:
            return known[1]
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        names = {"", *(rule.model.casefold() for rule in caller.limits)}
        plans = {name: _plan([*_rules_of(caller, self._default, name)]) for name in names}
        self._known[whose] = (caller.limits, plans)
        return plans


def _rules_of(caller: Caller, default: LimitRule, name: str) -> Iterator[LimitRule]:
    """Those of the key before those of the group, and those of the model before those of all models."""
    for scope in (Scope.KEY, Scope.GROUP):
        theirs = [rule for rule in caller.limits if rule.scope is scope]
        if name:
            yield from [rule for rule in theirs if rule.model.casefold() == name]
        of_all: Sequence[LimitRule] = [rule for rule in theirs if not rule.model]
        if scope is Scope.GROUP and not of_all:
            of_all = (replace(default, scope_id=caller.group_id),)
        yield from of_all


def _plan(rules: Sequence[LimitRule]) -> _Plan:
    requests: list[Window] = []
    tokens: list[Window] = []
    characters: list[Window] = []
    parallel: list[Window] = []
    overdrawn: str | None = None
    for rule in rules:
        key, whose = f"{rule.scope.value}:{rule.scope_id}:{rule.model.casefold()}", _whose(rule)
        for figure, kind, windows in (
            (rule.requests_per_minute, "requests", requests),
            (rule.tokens_per_minute, "tokens", tokens),
            (rule.characters_per_minute, "characters", characters),
            (rule.parallel, "places", parallel),
        ):
            if figure is not None:
                windows.append(Window(f"{kind}:{key}", figure, whose))
        if overdrawn is None and rule.spend_per_month is not None and rule.spent >= rule.spend_per_month:
            overdrawn = f"{whose} has spent what it may in this month"
    units = {Unit.TOKENS: tuple(tokens), Unit.CHARACTERS: tuple(characters)}
    return _Plan(tuple(requests), units, tuple(parallel), overdrawn)


def _whose(rule: LimitRule) -> str:
    return f"this {rule.scope.value}" + (f" with the model {rule.model}" if rule.model else "")
