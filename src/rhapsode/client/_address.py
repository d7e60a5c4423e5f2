"""Where calls go, and as whom: the arguments, then the environment, then a server on this machine."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rhapsode.core.errors import SettingsError

DEFAULT_BASE_URL = "http://127.0.0.1:8765"
"""Where `rhapsode serve` listens unless told otherwise."""

BASE_URL_VARIABLES = ("RHAPSODE_BASE_URL", "MINIMAX_API_HOST")
GROUP_ID_VARIABLES = ("RHAPSODE_GROUP_ID", "MINIMAX_GROUP_ID")
API_KEY_VARIABLES = ("RHAPSODE_API_KEY", "MINIMAX_API_KEY")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A server and who calls it. `base_url` has a scheme, and neither `/v1` nor a slash at its end."""

    base_url: str
    group_id: str | None
    api_key: str | None = field(repr=False)

    def __str__(self) -> str:
        """As arguments, without the key."""
        masked = None if self.api_key is None else "***"
        return f"base_url={self.base_url!r}, group_id={self.group_id!r}, api_key={masked!r}"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")


def find_address(
    base_url: str | None, group_id: str | None, api_key: str | None, environ: Mapping[str, str]
) -> Address:
    """The address, each part from the first place that names it. Raises SettingsError, naming the part."""
    key = api_key or _first(environ, API_KEY_VARIABLES)
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsError("api_key: must hold visible ASCII characters only; is it still the example's placeholder?")
    return Address(
        base_url=_checked_url(base_url or _first(environ, BASE_URL_VARIABLES) or DEFAULT_BASE_URL),
        group_id=group_id or _first(environ, GROUP_ID_VARIABLES),
        api_key=key,
    )


def names_address(environ: Mapping[str, str]) -> bool:
    """Whether the environment says which server to call."""
    return _first(environ, BASE_URL_VARIABLES) is not None


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := environ.get(name, "").strip())), None)


def _checked_url(given: str) -> str:
    url = given.strip()
    if "://" not in url:  # MINIMAX_API_HOST is often a bare host
        url = f"{'http' if _is_loopback(_host_of(f'//{url}')) else 'https'}://{url}"
    if not _is_server(url):
        raise SettingsError(f"base_url: must look like https://host or http://host:port, not {given[:80]!r}")
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket without its other half
        return False
    plain = url.isprintable() and " " not in url and not (parts.query or parts.fragment or parts.username)
    return plain and port != 0 and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
