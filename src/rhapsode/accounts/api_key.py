"""What a key looks like, and what is kept of it."""

import hashlib
import hmac
import re
import secrets

PREFIX = "sk-rh-"
ADMIN_PREFIX = "sk-rh-admin-"
"""How the keys begin of those who look after the server. No caller's key is as long as one of these."""

HINT_CHARACTERS = 4
"""How much of a key's end is kept readable: 24 of its 256 random bits."""

JWT_CHARACTERS = 8192
"""The longest of the platform's older keys that is taken: those that were seen have about a thousand."""

_SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_ADMIN_SHAPE = re.compile(ADMIN_PREFIX + r"[A-Za-z0-9_-]{43}")
_JWT_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CHECKED_TEXT = b"the secret that this database's keys are kept under"


def new_api_key() -> str:
    """A key that nobody has: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def new_admin_key() -> str:
    """The same for an administrator."""
    return ADMIN_PREFIX + secrets.token_urlsafe(32)


def is_api_key(text: str) -> bool:
    """Whether `text` has the shape of a caller's key: of one that was made here, or of a JWT that was imported."""
    return _SHAPE.fullmatch(text) is not None or is_jwt(text)


def is_admin_key(text: str) -> bool:
    """Whether `text` has the shape of an administrator's key."""
    return _ADMIN_SHAPE.fullmatch(text) is not None


def is_jwt(text: str) -> bool:
    """Whether `text` has the shape of a signed JWT, which the platform's older keys are."""
    return text.startswith("eyJ") and len(text) <= JWT_CHARACTERS and _JWT_SHAPE.fullmatch(text) is not None


class KeyDigests:
    """HMAC-SHA-256 under the secret. A stolen database opens nothing without the secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, api_key: str) -> bytes:
        """What is kept of a key, and all that is needed to know it again. `api_key` has the shape of a key."""
        return hmac.digest(self._secret, api_key.encode("ascii"), hashlib.sha256)

    def check(self) -> bytes:
        """What tells this secret from another."""
        return hmac.digest(self._secret, _CHECKED_TEXT, hashlib.sha256)


def same_digest(one: bytes, other: bytes) -> bool:
    """Compared in a time that does not depend on the content."""
    return hmac.compare_digest(one, other)
