"""A model's pieces as a caller shall see them: no white space at either end, no half characters."""

from typing import Final

_BROKEN: Final = "\ufffd"
"""llama.cpp's sign for a character that the token limit cut; the grammar lets no model write it by itself."""


class Tidy:
    """One reply's filter. White space is held back until something visible follows it, and dropped at the end."""

    def __init__(self) -> None:
        self._held = ""
        self.begun = False
        """whether anything was let through"""

    def feed(self, piece: str) -> str:
        """What can be shown by now; often empty."""
        text = self._held + piece.replace(_BROKEN, "")
        if not self.begun:
            text = text.lstrip()
        shown = text.rstrip()
        self._held = text[len(shown) :]
        self.begun = self.begun or bool(shown)
        return shown
