"""Where `chat` and `say` go: to a server that answers, else to the engines in this process."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rhapsode.cli.fetch import enter_fetching
from rhapsode.cli.screen import Screen
from rhapsode.core.chat import Finish, Turn
from rhapsode.settings.home import Home

if TYPE_CHECKING:
    from rhapsode.client import ChatOptions, Speech, SpeechOptions


class Replier(Protocol):
    """Replies."""

    def reply(self, turns: Sequence[Turn], options: "ChatOptions", /) -> Generator[str | Finish]:
        """The pieces of a reply, then why it ended. Closing it stops the reply. Raises RhapsodeError."""
        ...


class Speaker(Protocol):
    """Speaks."""

    def speak(self, text: str, options: "SpeechOptions", /) -> "Speech":
        """The text as sound. Raises RhapsodeError."""
        ...


@contextmanager
def open_replier(screen: Screen, home: Home, base_url: str | None) -> Generator[Replier]:
    """Who replies. A model that is missing here is offered to be fetched. Raises RhapsodeError."""
    # An HTTP client and the server's parts: help, and each way, does without the other's.
    from rhapsode.cli.remote import open_remote  # noqa: PLC0415

    with open_remote(home, base_url, os.environ) as remote:
        if remote is not None:
            screen.note(screen.words.over_remote.format(base_url=remote.base_url))
            yield remote
            return
    from rhapsode.cli.local import open_local_chat  # noqa: PLC0415

    screen.note(screen.words.over_local)
    with enter_fetching(screen, home, lambda: open_local_chat(screen, home)) as local:
        yield local


@contextmanager
def open_speaker(screen: Screen, home: Home, base_url: str | None) -> Generator[Speaker]:
    """Who speaks. Raises RhapsodeError."""
    from rhapsode.cli.remote import open_remote  # noqa: PLC0415  as above

    with open_remote(home, base_url, os.environ) as remote:
        if remote is not None:
            yield remote
            return
    from rhapsode.cli.local import open_local_speech  # noqa: PLC0415

    with open_local_speech(screen, home) as local:
        yield local
