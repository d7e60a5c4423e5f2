"""A file of a hub, fetched: resumed where it broke off, tried again, and checked."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import httpx2
import msgspec

from rhapsode.core.errors import EngineMissing
from rhapsode.models.events import Begun, CheckingPart, Moved, Retrying, Tell
from rhapsode.models.hub import HubFile, Hubs
from rhapsode.models.part import Part
from rhapsode.models.transfer import (
    Interrupted,
    RangeRefused,
    Remote,
    Transfer,
    no_such_file,
    open_transfer,
    require_success,
)
from rhapsode.version import __version__

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a download is tried, in seconds.

    After `tries` in a row that brought no byte it is given up; the pause between two begins with `first` and doubles.
    A server that asks for a pause gets it, of `longest` at most. A connection that is silent for `silence` is cut.
    """

    tries: int = 5
    first: float = 1.0
    longest: float = 60.0
    silence: float = 30.0


PATIENT: Final = Patience()


class _Listed(msgspec.Struct, frozen=True, rename="pascal"):
    """A file in ModelScope's listing."""

    path: str
    size: int = 0
    sha256: str = ""


class _Files(msgspec.Struct, frozen=True, rename="pascal"):
    files: tuple[_Listed, ...] = ()


class _Listing(msgspec.Struct, frozen=True, rename="pascal"):
    """https://www.modelscope.cn/api/v1/models/OWNER/REPO/repo/files, as ModelScope's own client reads it."""

    data: _Files


def download(
    wanted: HubFile, target: Path, *, hubs: Hubs, size: int | None, sha256: str | None, tell: Tell, patience: Patience
) -> None:
    """Bring the file to `target`, whole. Blocks. `size` and `sha256` where they are known better than by the hub.

    Raises `EngineMissing` when the hub does not have it, does not give it, or gives another; `StorageError`; `OSError`.
    What came stays in a part beside the target, when it may be of use.
    """
    part = Part(target)
    part.hash_again(lambda found: tell(CheckingPart(size=found)))
    if not part.is_whole(sha256):
        _fill(part, wanted, hubs=hubs, size=size, sha256=sha256, tell=tell, patience=patience)
    part.finish()


def _fill(
    part: Part, wanted: HubFile, *, hubs: Hubs, size: int | None, sha256: str | None, tell: Tell, patience: Patience
) -> None:
    timeout = httpx2.Timeout(patience.silence, connect=min(10.0, patience.silence))
    agent = {"User-Agent": f"rhapsode/{__version__}"}
    with httpx2.Client(timeout=timeout, headers=agent) as client:
        remote = Remote(wanted=wanted, url=hubs.resolve_url(wanted), size=size, sha256=sha256)
        if wanted.hub == "modelscope" and sha256 is None:
            remote = _with_patience(partial(_looked_up, client, hubs, remote), part, tell, patience)
        _with_patience(partial(_fetch, client, hubs, remote, part, tell), part, tell, patience)


def _looked_up(client: httpx2.Client, hubs: Hubs, remote: Remote) -> Remote:
    """With the size and the digest of ModelScope's listing; its answer to the download names neither."""
    wanted = remote.wanted
    try:
        response = client.get(hubs.listing_url(wanted), follow_redirects=True)
    except httpx2.TransportError as cut:
        raise Interrupted(f"ModelScope does not answer ({type(cut).__name__})") from cut
    require_success(response, wanted)
    try:
        listed = msgspec.json.decode(response.content, type=_Listing).data.files
    except msgspec.DecodeError as strange:
        raise EngineMissing(f"{response.url.host} lists the files of {wanted.repo} in an unknown way") from strange
    for file in listed:
        if file.path == wanted.file:
            return replace(remote, size=file.size or None, sha256=file.sha256.lower() or None)
    raise EngineMissing(no_such_file(wanted, response.url.host))


def _fetch(client: httpx2.Client, hubs: Hubs, remote: Remote, part: Part, tell: Tell) -> None:
    """One attempt at all that is missing."""
    try:
        with open_transfer(client, hubs, remote, start=part.size) as transfer:
            _take(transfer, part, tell)
    except RangeRefused as refused:
        part.empty()
        raise Interrupted("what was here is no part of the hub's file") from refused


def _take(transfer: Transfer, part: Part, tell: Tell) -> None:
    remote = transfer.remote
    if remote.sha256 is None:
        raise EngineMissing(
            f"{transfer.response.url.host} names no SHA-256 for {remote.wanted}, so that it cannot be checked:"
            f" download it by other means, and name its path"
        )
    if part.size and (transfer.start == 0 or part.meant != remote.sha256):
        part.empty()
        if transfer.start:
            raise Interrupted("the file has changed on the hub")
    part.begin(remote.sha256, remote.size)
    tell(Begun(have=part.size, size=remote.size))
    for chunk in transfer.chunks():
        part.append(chunk)
        if remote.size is not None and part.size > remote.size:
            part.empty()
            raise EngineMissing(
                f"{transfer.response.url.host} sends more than the {remote.size} bytes of {remote.wanted}"
            )
        tell(Moved(have=part.size))
    if remote.size is not None and part.size < remote.size:
        raise Interrupted(f"{transfer.response.url.host} broke off")


def _with_patience(attempt: Callable[[], T], part: Part, tell: Tell, patience: Patience) -> T:
    fruitless = 0
    while True:
        before = part.size
        try:
            return attempt()
        except Interrupted as cut:
            fruitless = 0 if part.size > before else fruitless + 1
            asked = cut.wait
            if fruitless >= patience.tries:
                raise EngineMissing(f"{cut.reason}, {fruitless} times in a row; {_next(part)}") from cut
            if asked is not None and asked > patience.longest:
                raise EngineMissing(
                    f"{cut.reason}, and wants to be asked again in {asked:.0f} s; {_next(part)}"
                ) from cut
            seconds = asked if asked is not None else patience.first * 2 ** max(0, fruitless - 1)
            tell(Retrying(reason=cut.reason, seconds=min(seconds, patience.longest)))
            time.sleep(min(seconds, patience.longest))


def _next(part: Part) -> str:
    """What to do about it."""
    if part.size:
        return "what came is kept, and the same command goes on from there"
    return "try again later, or set another hub or a mirror under [models]"
