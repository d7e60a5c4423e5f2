"""One request for a file of a hub: through redirects to whoever gives it out, from a byte on."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx2

from rhapsode.core.errors import EngineMissing
from rhapsode.models.hub import HubFile, Hubs

_MOST_REDIRECTS: Final = 10
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Interrupted(Exception):
    """It may be tried again; `wait` seconds from now when the server says so."""

    def __init__(self, reason: str, *, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class RangeRefused(Exception):
    """The server has no such bytes: what is here is no part of its file."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file where it is given out. `size` and `sha256` are None where the hub has yet to say."""

    wanted: HubFile
    url: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """An open answer: `remote`, now with what the hub says of it, whose bytes from `start` on come."""

    remote: Remote
    start: int
    response: httpx2.Response

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they are sent."""
        return self.response.iter_raw()


@contextmanager
def open_transfer(client: httpx2.Client, hubs: Hubs, remote: Remote, *, start: int) -> Generator[Transfer]:
    """Ask for the file from byte `start` on; the answer may begin at 0 all the same.

    Raises `Interrupted`, also out of the block that reads; `RangeRefused`; `EngineMissing` when asking again is of no
    use.
    """
    url = httpx2.URL(remote.url)
    for _ in range(_MOST_REDIRECTS):
        headers = {"Accept-Encoding": "identity", **_range(start), **_authorization(hubs, str(url))}
        try:
            with client.stream("GET", url, headers=headers) as response:
                if _same_origin(url, httpx2.URL(remote.url)):
                    remote = _told(remote, response)
                if response.has_redirect_location:
                    url = url.join(response.headers["Location"])
                    continue
                yield _judged(remote, response, start)
                return
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as strange:
            raise EngineMissing(f"{remote.wanted} leads to an address that is none") from strange
        except httpx2.TransportError as cut:
            raise Interrupted(f"{url.host} does not answer, or broke off ({type(cut).__name__})") from cut
    raise EngineMissing(f"{remote.wanted} leads from redirect to redirect")


def require_success(response: httpx2.Response, wanted: HubFile) -> None:
    """Raises what an answer other than success means."""
    status, host = response.status_code, response.url.host
    if status in _PASSING:
        raise Interrupted(f"{host} answers with HTTP {status}", wait=_retry_after(response))
    if status == HTTPStatus.NOT_FOUND:
        raise EngineMissing(no_such_file(wanted, host))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise EngineMissing(
            f"{host} does not give {wanted.repo} to everybody, or has no such repository (HTTP {status}):"
            f" {_how_to_enter(wanted)}"
        )
    if not response.is_success:
        raise EngineMissing(f"{host} answers with HTTP {status} for {wanted}")


def no_such_file(wanted: HubFile, host: str) -> str:
    """The sentence for a file that `host` does not have."""
    return f"{host} has no file {wanted.file} in {wanted.repo} at {wanted.revision}: is it written as its page does?"


def _authorization(hubs: Hubs, url: str) -> dict[str, str]:
    """The header that opens closed repositories, for their hub alone."""
    token = hubs.token_for(url)
    return {"Authorization": f"Bearer {token}"} if token else {}


def _how_to_enter(wanted: HubFile) -> str:
    if wanted.hub == "huggingface":
        return "put a token that may read it into HF_TOKEN (https only), and accept the conditions on its page, if any"
    return "download the file with your account, and name its path instead"


def _range(start: int) -> dict[str, str]:
    return {"Range": f"bytes={start}-"} if start else {}


def _same_origin(one: httpx2.URL, other: httpx2.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _told(remote: Remote, response: httpx2.Response) -> Remote:
    """With what the hub itself says of the file. Raises `EngineMissing` where it has another than is meant.

    https://huggingface.co/docs/huggingface_hub/package_reference/file_download: the headers are those of the first
    answer, the redirect; a small file's own ETag is a digest of another kind. A mirror may leave the ETag alone.
    """
    linked, size = _digest(response, "X-Linked-ETag"), response.headers.get("X-Linked-Size", "")
    if linked and remote.sha256 not in {None, linked}:
        raise EngineMissing(f"{remote.wanted} has the SHA-256 {linked}, and the file that is meant has {remote.sha256}")
    return replace(
        remote,
        sha256=remote.sha256 or linked or _digest(response, "ETag"),
        size=remote.size if remote.size is not None else int(size) if size.isdecimal() else None,
    )


def _digest(response: httpx2.Response, header: str) -> str | None:
    value = response.headers.get(header, "").removeprefix("W/").strip('"').lower()
    return value if _DIGEST.fullmatch(value) else None


def _judged(remote: Remote, response: httpx2.Response, start: int) -> Transfer:
    if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
        raise RangeRefused
    require_success(response, remote.wanted)
    length = response.headers.get("Content-Length", "")
    begins, whole = 0, int(length) if length.isdecimal() else None
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != start:
            raise EngineMissing(f"{response.url.host} sends other bytes of {remote.wanted} than it was asked for")
        begins, whole = start, None if found[2] == "*" else int(found[2])
    if remote.size is not None and whole is not None and whole != remote.size:
        raise EngineMissing(
            f"{response.url.host} has {whole} bytes for {remote.wanted}, and the file that is meant has {remote.size}"
        )
    size = remote.size if remote.size is not None else whole
    return Transfer(remote=replace(remote, size=size), start=begins, response=response)


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds, out of either of the header's two forms."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())
