"""Where another server's interface begins."""

import re
from typing import Final
from urllib.parse import urlsplit

from rhapsode.core.errors import SettingsError

_VERSION: Final = re.compile(r"/v\d+(?:beta)?(?=/|$)")
_ENDPOINT: Final = re.compile(r"/(?:chat/)?completions|/embeddings|/text/chatcompletion\w*|/models", re.ASCII)
_NO_ADDRESS: Final = "base_url: must be an address such as http://127.0.0.1:8000"


def interface(base_url: str) -> str:
    """The address up to and with the version: `http://host:8000` and `http://host:8000/v1` are both the latter.

    A path that names a version stays as it is (`https://host/api/v3`). Raises `SettingsError` for what is no address,
    and for one with a path too many.
    """
    try:
        parts = urlsplit(base_url)
        told = bool(parts.hostname) and parts.scheme in {"http", "https"} and parts.port != 0
    except ValueError:
        raise SettingsError(_NO_ADDRESS) from None  # whose message repeats what was written
    if not told:
        raise SettingsError(_NO_ADDRESS)
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError("base_url: must be without a user, a question mark and a hash; a key has its own options")
    path = parts.path.rstrip("/")
    if _ENDPOINT.search(path):
        raise SettingsError("base_url: must end where the interface begins, as http://127.0.0.1:8000 or with /v1")
    return f"{parts.scheme}://{parts.netloc}{path if _VERSION.search(path) else path + '/v1'}"
