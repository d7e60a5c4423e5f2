"""The home: the one directory that holds what this installation knows."""

import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from rhapsode.core.errors import SettingsError
from rhapsode.settings.credentials import Credentials, write_credentials
from rhapsode.settings.private_file import create_private
from rhapsode.settings.shape import Settings

HOME_VARIABLE = "RHAPSODE_HOME"
SECRET_VARIABLE = "RHAPSODE_SECRET"  # noqa: S105  the name of a variable, not a value
SECRET_CHARACTERS = 32
"""The shortest secret that is accepted: as long as the digests that it keys."""

_SQLITE = "sqlite:///"


def find_home(option: Path | None, environ: Mapping[str, str]) -> "Home":
    """Where the home is: the option, then `RHAPSODE_HOME`, then the user's data directory. Nothing is made."""
    named = option or environ.get(HOME_VARIABLE)
    path = Path(named) if named else platformdirs.user_data_path("rhapsode", appauthor=False)
    return Home(path.expanduser().absolute())


@dataclass(frozen=True)
class Home:
    """The paths inside the home, which need not exist yet, and what is made in it."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """The operator's file; may be absent."""
        return self.path / "rhapsode.toml"

    @property
    def credentials_file(self) -> Path:
        """What this machine's own programs call with."""
        return self.path / "credentials.toml"

    @property
    def secret_file(self) -> Path:
        """What the keys' digests are made under."""
        return self.path / "secret"

    @property
    def models(self) -> Path:
        """Where fetched models lie."""
        return self.path / "models"

    @property
    def files(self) -> Path:
        """Where the content of files lies."""
        return self.path / "files"

    @property
    def tasks(self) -> Path:
        """Where long texts that are being spoken leave what they have so far."""
        return self.path / "tasks"

    def prepare(self) -> None:
        """Make the directory, for its owner alone, and try that it takes files. Raises SettingsError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Trying is the only honest test: it sees rights, read-only mounts and a full disk alike.
            with tempfile.TemporaryFile(dir=self.path) as probe:
                probe.write(b"rhapsode")
        except OSError as error:
            raise SettingsError(
                f"the home {self.path} cannot be used ({error.strerror}): "
                f"name a directory that you may write with --home or {HOME_VARIABLE}"
            ) from error

    def secret(self, environ: Mapping[str, str]) -> bytes:
        """`RHAPSODE_SECRET`, else the home's own, made on first use. Needs `prepare`. Raises SettingsError."""
        given = environ.get(SECRET_VARIABLE)
        if given is not None:
            return _checked_secret(given, SECRET_VARIABLE)
        try:
            if not self.secret_file.exists():
                create_private(self.secret_file, secrets.token_urlsafe(SECRET_CHARACTERS) + "\n")
            return _checked_secret(self.secret_file.read_bytes().decode(), str(self.secret_file))
        except OSError as error:
            raise SettingsError(f"{self.secret_file} cannot be used ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise SettingsError(f"{self.secret_file} is not UTF-8 text") from error

    def keep_credentials(self, credentials: Credentials) -> None:
        """Write `credentials.toml`; one that is there already, perhaps for another server, stays as `.old`."""
        old = self.credentials_file.with_suffix(".toml.old")
        try:
            self.credentials_file.replace(old)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise SettingsError(f"{self.credentials_file} cannot be replaced ({error.strerror})") from error
        write_credentials(self.credentials_file, credentials)

    def database_url(self, settings: Settings, environ: Mapping[str, str]) -> str:
        """The database's address, with an absolute path where it is a file. Raises SettingsError."""
        url, variable = settings.database.url, settings.database.url_env
        if variable:
            url = environ.get(variable, "")
            if not url:
                raise SettingsError(f"database.url_env: the environment variable {variable} is empty or absent")
        return f"{_SQLITE}{self.path / url.removeprefix(_SQLITE)}" if url.startswith(_SQLITE) else url


def _checked_secret(text: str, source: str) -> bytes:
    secret = text.strip()
    if len(secret) < SECRET_CHARACTERS:
        raise SettingsError(f"{source}: must have at least {SECRET_CHARACTERS} characters")
    return secret.encode("utf-8", "surrogateescape")
