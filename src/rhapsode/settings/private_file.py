"""Files that hold a secret: whole or absent, and readable by their owner alone from the first byte."""

import os
import tempfile
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Put `text` in the place of whatever stands at `path`. Raises OSError; then the old file is untouched."""
    new = _written_beside(path, text)
    try:
        new.replace(path)
    except OSError:
        new.unlink()
        raise


def create_private(path: Path, text: str) -> bool:
    """Make `path` unless it exists; say whether it was made. Two processes at once agree on one file."""
    new = _written_beside(path, text)
    try:
        os.link(new, path)
    except FileExistsError:
        return False
    finally:
        new.unlink()
    return True


def _written_beside(path: Path, text: str) -> Path:
    content = text.encode()
    # mkstemp opens with O_EXCL and mode 0600, so there is no moment at which another user could open the file.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        new.unlink()
        raise
    return new
