"""Who calls, and what that caller may have."""

from dataclasses import dataclass

from rhapsode.core.limit import LimitRule


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A group and the key of it that the request carried. `key_id` names the key and does not open anything.

    `user_id` is the user of the group whose key it is, if it is one user's. `models` are those that the key may ask
    for, and None is all. `limits` are the rules for the group, for the key, and for single models of either. `balance`
    is what the group has left to spend, in millionths of the currency of the prices; None where nobody keeps one.
    Everything here may be half a second old.
    """

    group_id: str
    key_id: str
    user_id: str | None = None
    models: frozenset[str] | None = None
    limits: tuple[LimitRule, ...] = ()
    balance: int | None = None


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """Who looks after the server: a key of its own class, which belongs to no group."""

    key_id: str
    name: str
