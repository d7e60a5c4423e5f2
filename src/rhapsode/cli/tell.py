"""An error as its reader needs it: what went wrong, and what to do about it."""

from rhapsode.cli.messages import Messages
from rhapsode.cli.screen import Screen, open_screen
from rhapsode.client import AuthenticationFailed, ConnectionFailed, RateLimited
from rhapsode.core.errors import Overloaded, RhapsodeError


def tell(error: RhapsodeError, screen: Screen | None = None) -> None:
    """Print it to standard error, on one line: what a driver says may have several."""
    screen = screen or open_screen()
    screen.error(" ".join(map(str.strip, str(error).splitlines())), _hint(error, screen.words))


def _hint(error: RhapsodeError, words: Messages) -> str | None:
    match error:
        case ConnectionFailed():
            return words.hint_no_server
        case AuthenticationFailed():
            return words.hint_no_key
        case RateLimited() | Overloaded():
            return words.hint_busy
        case _:
            return None
