"""The hubs that files come from, and the names `hf:OWNER/REPO/FILE.gguf` and `ms:OWNER/REPO/FILE.gguf`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote, urlsplit

from rhapsode.core.errors import SettingsError
from rhapsode.models.entry import HubName

TITLES: Final[Mapping[HubName, str]] = {"huggingface": "Hugging Face", "modelscope": "ModelScope"}
MAIN: Final[Mapping[HubName, str]] = {"huggingface": "main", "modelscope": "master"}
"""the branch that a hub calls its main one"""

PART: Final = ".part"
"""the end of the name of a file that is still coming"""

_HOMES: Final[Mapping[HubName, str]] = {
    "huggingface": "https://huggingface.co",
    "modelscope": "https://www.modelscope.cn",
}
_PREFIXES: Final[Mapping[str, HubName]] = {"hf": "huggingface", "ms": "modelscope"}

# Parts of a path on this machine, too: none begins with a dot, so none is "..".
_PART: Final = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_REFERENCE: Final = re.compile(
    rf"(?P<prefix>hf|ms):(?P<repo>{_PART}/{_PART})/(?P<file>(?:{_PART}/)*{_PART}\.gguf)", re.IGNORECASE | re.ASCII
)
_SPLIT: Final = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """A file of a repository, at a branch or a commit."""

    hub: HubName
    repo: str
    file: str
    revision: str

    def __str__(self) -> str:
        """As an error names it."""
        return f"{self.repo}/{self.file} on {TITLES[self.hub]}"


@dataclass(frozen=True, kw_only=True)
class Hubs:
    """Which hub is asked first, where each one is, and what opens closed repositories of Hugging Face."""

    first: HubName = "huggingface"
    endpoints: Mapping[HubName, str] = field(default_factory=lambda: _HOMES)
    token: str | None = field(default=None, repr=False)

    def resolve_url(self, wanted: HubFile) -> str:
        """Where the hub gives the file out, by itself or through a redirect."""
        folder = "/models" if wanted.hub == "modelscope" else ""
        path = f"{wanted.repo}/resolve/{quote(wanted.revision, safe='')}/{quote(wanted.file)}"
        return f"{self.endpoints[wanted.hub]}{folder}/{path}"

    def listing_url(self, wanted: HubFile) -> str:
        """Where ModelScope lists the files of a repository, with their sizes and digests."""
        path = f"api/v1/models/{wanted.repo}/repo/files?Revision={quote(wanted.revision, safe='')}&Recursive=true"
        return f"{self.endpoints[wanted.hub]}/{path}"

    def token_for(self, url: str) -> str | None:
        """The token, for a place of Hugging Face's own endpoint that cannot be listened in on, and for no other."""
        home, asked = urlsplit(self.endpoints["huggingface"]), urlsplit(url)
        same = (home.scheme, home.hostname, home.port) == (asked.scheme, asked.hostname, asked.port)
        private = asked.scheme == "https" or asked.hostname in {"127.0.0.1", "localhost", "::1"}
        return self.token if same and private else None


def choose_hubs(first: HubName, endpoint: str, environ: Mapping[str, str]) -> Hubs:
    """The settings' `first` hub at the settings' `endpoint`, which may be empty; `HF_ENDPOINT` and `HF_TOKEN` count.

    Raises `SettingsError` for an `HF_ENDPOINT` that is no address.
    """
    endpoints = dict(_HOMES)
    if named := environ.get("HF_ENDPOINT"):
        if not re.match("https?://[^/]", named):
            raise SettingsError("HF_ENDPOINT: must begin with http:// or https://")
        endpoints["huggingface"] = named.rstrip("/")
    if endpoint:
        endpoints[first] = endpoint.rstrip("/")
    return Hubs(first=first, endpoints=endpoints, token=environ.get("HF_TOKEN") or None)


def read_reference(name: str) -> HubFile | None:
    """The file that an `hf:` or `ms:` name means; None for a name of another kind. Raises `SettingsError`."""
    prefix = name.partition(":")[0].lower()
    if prefix not in _PREFIXES:
        return None
    found = _REFERENCE.fullmatch(name)
    if found is None:
        raise SettingsError(f"{name[:200]!r} is no file of a hub: write {prefix}:OWNER/REPO/FILE.gguf")
    if _SPLIT.search(name):
        raise SettingsError(f"{name[:200]!r} is one part of several: only models in a single file can be loaded")
    hub = _PREFIXES[prefix]
    return HubFile(hub=hub, repo=found["repo"], file=found["file"], revision=MAIN[hub])


def kept_at(wanted: HubFile, directory: Path) -> Path:
    """Where a file that was pulled by its `hf:` or `ms:` name lies."""
    return directory / _folder(wanted.hub) / PurePosixPath(wanted.repo) / PurePosixPath(wanted.file)


def kept_names(directory: Path) -> list[str]:
    """The `hf:` and `ms:` names by which files were pulled, whole or in part."""
    names = {
        f"{prefix}:{path.relative_to(directory / prefix).as_posix().removesuffix(PART)}"
        for prefix in _PREFIXES
        for path in (directory / prefix).rglob("*")
        if path.is_file()
    }
    return sorted(name for name in names if _REFERENCE.fullmatch(name))


def _folder(hub: HubName) -> str:
    return next(prefix for prefix, name in _PREFIXES.items() if name == hub)
