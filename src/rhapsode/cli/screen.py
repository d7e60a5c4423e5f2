"""What a command prints on: results go to standard output, everything else to standard error."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from rhapsode.cli.messages import Messages, is_chinese, messages_for

# A model's words may hold escape sequences, which would move the cursor or rename the window.
_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


@dataclass(frozen=True)
class Screen:
    """Two consoles and a language. Colour follows the terminal and `NO_COLOR`, and never says anything by itself."""

    out: Console
    err: Console
    words: Messages
    chinese: bool

    @property
    def interactive(self) -> bool:
        """Whether a person types and reads: standard input and output are both terminals."""
        return sys.stdin.isatty() and self.out.is_terminal

    def note(self, text: str) -> None:
        """A remark beside the result."""
        self.err.print(Text(text, style="dim"), soft_wrap=True)

    def error(self, message: str, hint: str | None = None) -> None:
        """What went wrong, on one line, and what to do about it."""
        self.err.print(Text(self.words.error.format(message=message), style="red"), soft_wrap=True)
        if hint:
            self.note(hint)

    def label(self, name: str) -> None:
        """Who speaks, before what is said."""
        self.out.print(Text(f"{printable(name)}: ", style="bold"), end="")

    def write(self, piece: str) -> None:
        """A piece of a result as it is, at once."""
        self.out.file.write(printable(piece))
        self.out.file.flush()

    @contextmanager
    def busy(self, text: str) -> Generator[None]:
        """A spinner with a word about what takes its time; on a terminal only."""
        if not self.err.is_terminal:
            yield
            return
        with self.err.status(Text(text)):
            yield

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody to answer a question."""
        return sys.stdin.isatty() and self.err.is_terminal

    def agree(self, question: str, *, enter: bool = True) -> bool:
        """Ask; `enter` is what Enter alone says, and the end of the input says no."""
        self.err.print(Text(question), end="", soft_wrap=True)
        answer = sys.stdin.readline()
        agreed = {"y", "yes", "是", *([""] if enter else [])}
        return answer.endswith("\n") and answer.strip().lower() in agreed


def open_screen() -> Screen:
    """The screen of this process."""
    return Screen(
        out=Console(highlight=False),
        err=Console(stderr=True, highlight=False),
        words=messages_for(os.environ),
        chinese=is_chinese(os.environ),
    )


def printable(text: str) -> str:
    """The text without control characters other than line ends and tabs."""
    return text.translate(_CONTROLS)
