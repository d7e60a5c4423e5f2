"""Who calls."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A group and the key of it that the request carried. `key_id` names the key and does not open anything."""

    group_id: str
    key_id: str
