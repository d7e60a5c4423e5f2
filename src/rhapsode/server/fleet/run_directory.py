"""Where the processes of one server meet: a directory of its own, for its owner alone, with a name that is short."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "rhapsode-run-"
_LONGEST: Final = 70
"""bytes: a socket's name has at most 107 on Linux and 103 elsewhere, its directory's included"""


@contextmanager
def run_directory() -> Generator[Path]:
    """The directory, as long as the block. What killed servers left behind is removed."""
    place = tempfile.gettempdir()
    place = place if len(os.fsencode(place)) <= _LONGEST - 30 else "/tmp"  # noqa: S108  made for the owner alone
    _remove_remains(Path(place))
    path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _remove_remains(place: Path) -> None:
    for path in place.glob(f"{_PREFIX}*"):
        pid, _, _ = path.name.removeprefix(_PREFIX).partition("-")
        with suppress(OSError):
            if pid.isdecimal() and path.stat().st_uid == os.getuid() and not _lives(int(pid)):
                shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
