"""Download links: signed, they expire, and whoever holds one needs no key."""

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

from rhapsode.jobs.files import StoredFile

PATH = "/files/{file_id}/{filename:path}"
"""where the server answers them"""

_DIGITS = len(str(2**63))
_PURPOSE = b"links to files, version 1"


class Links:
    """Makes links and knows its own. The key that signs them is derived from the home's secret."""

    def __init__(self, secret: bytes, *, public_url: str = "", clock: Callable[[], float] = time.time) -> None:
        """`public_url`: how callers reach this server, where it is not by the address that they called."""
        self._key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
        self._public_url = public_url.rstrip("/")
        self._clock = clock

    def url(self, file: StoredFile, *, expires_in: int, base_url: str) -> str:
        """The link, good for `expires_in` seconds. `base_url`: the address that the caller called."""
        expires = int(self._clock()) + expires_in
        base = self._public_url or base_url
        query = urlencode({"expires": expires, "signature": self._sign(file.id, expires)})
        return f"{base}/files/{file.id}/{quote(file.filename, safe='')}?{query}"

    def opens(self, file_id: str, expires: str, signature: str) -> bool:
        """Whether this is a link of ours that has not expired; then `file_id` is a number."""
        if not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in (file_id, expires)):
            return False
        right = self._sign(int(file_id), int(expires))
        return hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace")) and (
            int(expires) > self._clock()
        )

    def _sign(self, file_id: int, expires: int) -> str:
        return hmac.digest(self._key, f"{file_id}:{expires}".encode(), hashlib.sha256).hex()
