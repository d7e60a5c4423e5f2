"""The platform's older keys: long JWTs, which a group may bring along.

Nothing here knows the platform's public key, so the signature says nothing; a JWT opens because an operator has
imported it, as any other key does, and it is kept in the same way. What it says of itself is read at the import alone.
"""

import base64
import binascii
from typing import Final

import msgspec

from rhapsode.accounts.api_key import is_jwt
from rhapsode.accounts.groups import is_group_id
from rhapsode.core.errors import InvalidField

_RULE: Final = (
    "must be a JWT, as the platform's older keys are: three parts of letters and digits, the first begins eyJ"
)


class _Head(msgspec.Struct, frozen=True):
    alg: str


class _Claims(msgspec.Struct, frozen=True):
    group_id: str | int | None = msgspec.field(default=None, name="GroupID")


def read_jwt(text: str) -> str | None:
    """The id of the group that a JWT names, if any. Raises `InvalidField` for what is no JWT, never quoting it."""
    if not is_jwt(text):
        raise InvalidField("jwt", _RULE)
    head, claims, _ = text.split(".")
    try:
        msgspec.json.decode(_decoded(head), type=_Head)
        group_id = msgspec.json.decode(_decoded(claims), type=_Claims).group_id
    except (msgspec.MsgspecError, binascii.Error, UnicodeDecodeError, RecursionError) as error:
        raise InvalidField("jwt", _RULE) from error
    named = str(group_id)
    return named if is_group_id(named) else None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
