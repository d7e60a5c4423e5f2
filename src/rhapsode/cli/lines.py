"""Where the lines of a conversation come from: a person at a terminal, or a pipe."""

import os
import sys
from typing import Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from rhapsode.core.errors import SettingsError
from rhapsode.settings.home import Home


class Lines(Protocol):
    """Gives lines."""

    def next_line(self) -> str | None:
        """The next line; None at the end."""
        ...


class TypedLines:
    """Lines that are edited as they are typed, with those of earlier conversations at the arrow keys."""

    def __init__(self, prompt: str, home: Home) -> None:
        self._prompt = prompt
        self._session: PromptSession[str] = PromptSession(history=_history(home))

    def next_line(self) -> str | None:
        """The next line; Ctrl-C empties it, Ctrl-D ends them."""
        try:
            return self._session.prompt(self._prompt)
        except KeyboardInterrupt:
            return ""
        except EOFError:
            return None


class PipedLines:
    """The lines of standard input, as they are."""

    def next_line(self) -> str | None:
        """The next line; None at the end."""
        return sys.stdin.readline() or None


def _history(home: Home) -> History:
    """Kept in the home, for its owner alone; where there is no writing, for this conversation."""
    path = home.path / "chat_history"
    try:
        home.prepare()
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except (SettingsError, OSError):
        return InMemoryHistory()
    return FileHistory(path)
