"""Whether a file is the one that was meant, byte for byte."""

import hashlib
from pathlib import Path


def is_meant(path: Path, size: int, sha256: str) -> bool:
    """Reads it whole, when it is there and of that size."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
