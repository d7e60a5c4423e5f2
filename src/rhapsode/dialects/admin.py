"""What administrators send: every field known, of its type, and no other one.

Rules that hold for the command line too (names, addresses, figures) are checked where accounts are kept.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rhapsode.dialects.json_body import read_json

Moment = Annotated[datetime, Meta(tz=True)]
"""ISO 8601 with its zone."""

Names = tuple[str, ...]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class NewGroup(_Body, frozen=True, kw_only=True):
    """`group_id` is that of the platform, for programs that send it; else the server makes one."""

    name: str
    group_id: str | None = None
    balance: Decimal | None = None


class GroupChange(_Body, frozen=True, kw_only=True):
    """Another name."""

    name: str


class BalanceChange(_Body, frozen=True, kw_only=True):
    """One of the two: so much more, or so much in all; `set` null keeps no balance."""

    add: Decimal | UnsetType = UNSET
    set: Decimal | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if (self.add is UNSET) == (self.set is UNSET):
            raise ValueError("name one of `add` and `set`")


class NewUser(_Body, frozen=True, kw_only=True):
    """`group` is an id or a name, here as in all others."""

    group: str
    name: str


class NewKey(_Body, frozen=True, kw_only=True):
    """`user` is an id, or a name in the group. Absent `models` and `addresses` allow all."""

    group: str
    name: str = ""
    user: str | None = None
    expires_at: Moment | None = None
    models: Names | None = None
    addresses: Names | None = None


class ImportedKey(NewKey, frozen=True, kw_only=True):
    """One of the platform's older keys."""

    jwt: str

    def __repr__(self) -> str:
        return f"ImportedKey(group={self.group!r})"


class KeyChange(_Body, frozen=True, kw_only=True):
    """What is absent stays, what is null is lifted."""

    name: str | UnsetType = UNSET
    user: str | UnsetType | None = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    models: Names | UnsetType | None = UNSET
    addresses: Names | UnsetType | None = UNSET


class Rotation(_Body, frozen=True, kw_only=True):
    """How long the old key lives on, in seconds, and until when the new one is good, if not as long as the old one."""

    grace_seconds: int = 0
    expires_at: Moment | None = None


class NewAdminKey(_Body, frozen=True, kw_only=True):
    """A key for an administrator."""

    name: str
    expires_at: Moment | None = None
    addresses: Names | None = None


class LimitChange(_Body, frozen=True, kw_only=True):
    """For a group or a key, of one model or of all together. What is absent stays, what is null is lifted."""

    group: str | None = None
    key_id: str | None = None
    model: str = ""
    requests_per_minute: int | UnsetType | None = UNSET
    tokens_per_minute: int | UnsetType | None = UNSET
    characters_per_minute: int | UnsetType | None = UNSET
    parallel: int | UnsetType | None = UNSET
    spend_per_month: Decimal | UnsetType | None = UNSET


BodyT = TypeVar("BodyT", bound=_Body)


def read_body(kind: type[BodyT], body: bytes) -> BodyT:
    """What was sent; an empty body is an empty object. Raises `InvalidField`, `MalformedBody`."""
    return read_json(msgspec.json.Decoder(kind), body or b"{}")
