"""What a voice of a caller's own may be called."""

import re
from typing import Final

from rhapsode.dialects.json_body import require

_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{6,254}[A-Za-z0-9]", re.ASCII)


def require_voice_id(voice_id: str) -> None:
    """Raise `InvalidField` for an id that no voice may be given. The rule is the contract's (section 5.3)."""
    require(
        _ID.fullmatch(voice_id) is not None,
        "voice_id",
        "must have 8 to 256 letters, digits, - and _, begin with a letter, and not end with - or _",
    )
