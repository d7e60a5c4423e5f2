"""A server that runs already, on this machine or elsewhere: the SDK behind the command line's protocols."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from rhapsode.client import Address, ChatOptions, Client, Speech, SpeechOptions, answers, find_address, names_address
from rhapsode.core.chat import Finish, Turn
from rhapsode.settings.credentials import Credentials, read_credentials
from rhapsode.settings.home import Home

_FINISH = {"length": Finish.LENGTH, "max_output": Finish.CONTEXT}


class Remote:
    """Replies and speaks through a server."""

    def __init__(self, client: Client, base_url: str) -> None:
        self._client = client
        self.base_url = base_url

    def reply(self, turns: Sequence[Turn], options: ChatOptions, /) -> Generator[str | Finish]:
        """As `Replier.reply`."""
        with self._client.stream_chat(turns, **options) as stream:
            yield from stream
            yield _FINISH.get(stream.reply.finish_reason, Finish.STOP)

    def speak(self, text: str, options: SpeechOptions, /) -> Speech:
        """As `Speaker.speak`."""
        return self._client.speak(text, **options)


@contextmanager
def open_remote(home: Home, base_url: str | None, environ: Mapping[str, str]) -> Generator[Remote | None]:
    """The server that the option or the environment names, else the home's own when it answers, else None.

    Raises SettingsError.
    """
    address = _named(home, base_url, environ) or _running(home)
    if address is None:
        yield None
        return
    with Client(address.base_url, address.group_id, address.api_key) as client:
        yield Remote(client, address.base_url)


def _named(home: Home, base_url: str | None, environ: Mapping[str, str]) -> Address | None:
    if not base_url and not names_address(environ):
        return None
    address = find_address(base_url, None, None, environ)
    kept = read_credentials(home.credentials_file)
    # The home's key is for the home's server, and is sent to no other.
    if address.api_key is None and kept is not None and _address(kept).base_url == address.base_url:
        return _address(kept)
    return address


def _running(home: Home) -> Address | None:
    kept = read_credentials(home.credentials_file)
    return _address(kept) if kept is not None and answers(_address(kept)) else None


def _address(kept: Credentials) -> Address:
    return find_address(kept.base_url, kept.group_id, kept.api_key, {})
