"""The accounts of a home, for the commands that look after them, while a server runs or not."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rhapsode.accounts.admin_keys import AdminKeys
    from rhapsode.accounts.groups import Groups
    from rhapsode.accounts.keys import Accounts
    from rhapsode.accounts.limits import LimitRules
    from rhapsode.accounts.users import Users
    from rhapsode.cli.account_words import AccountWords
    from rhapsode.cli.screen import Screen
    from rhapsode.core.errors import SettingsError
    from rhapsode.database.connect import Database
    from rhapsode.settings.home import Home


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a command works with."""

    accounts: "Accounts"
    groups: "Groups"
    users: "Users"
    admin_keys: "AdminKeys"
    limits: "LimitRules"
    database: "Database"
    home: "Home"
    screen: "Screen"
    words: "AccountWords"


@contextmanager
def open_accounts(option: Path | None, *, makes: bool = False) -> Generator[Opened]:
    """The accounts of a home. One that is new is made where a command `makes` something that needs nothing else there.

    Raises `EngineMissing`, `SettingsError`, `StorageError`.
    """
    from rhapsode.cli.account_words import account_words  # noqa: PLC0415
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.core.errors import EngineMissing  # noqa: PLC0415
    from rhapsode.settings.home import find_home  # noqa: PLC0415
    from rhapsode.settings.read import read_settings  # noqa: PLC0415

    screen = open_screen()
    try:
        from rhapsode.accounts.admin_keys import AdminKeys  # noqa: PLC0415  an extra
        from rhapsode.accounts.groups import Groups  # noqa: PLC0415
        from rhapsode.accounts.keys import Accounts  # noqa: PLC0415
        from rhapsode.accounts.limits import LimitRules  # noqa: PLC0415
        from rhapsode.accounts.users import Users  # noqa: PLC0415
        from rhapsode.database.migrate import migrate  # noqa: PLC0415
        from rhapsode.database.open import SQLITE, open_database  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise EngineMissing(screen.words.missing_extra.format(missing=error.name)) from error
    home = find_home(option, os.environ)
    if makes:
        home.prepare()
    url = home.database_url(read_settings(home.settings_file), os.environ)
    if not makes and url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        raise _no_accounts(home)
    database = open_database(url)
    try:
        if not makes:
            _require_accounts(database, home)
        migrate(database)
        secret = home.secret(os.environ)
        yield Opened(
            accounts=Accounts(database, secret),
            groups=Groups(database),
            users=Users(database),
            admin_keys=AdminKeys(database, secret),
            limits=LimitRules(database),
            database=database,
            home=home,
            screen=screen,
            words=account_words(chinese=screen.chinese),
        )
    finally:
        database.close()


def _require_accounts(database: "Database", home: "Home") -> None:
    from rhapsode.core.errors import SettingsError  # noqa: PLC0415
    from rhapsode.database.migrate import stored_revision  # noqa: PLC0415
    from rhapsode.settings.home import SECRET_VARIABLE  # noqa: PLC0415

    if database.transact(stored_revision, write=False) is None:
        raise _no_accounts(home)
    if SECRET_VARIABLE not in os.environ and not home.secret_file.exists():
        raise SettingsError(f"{home.secret_file} is not there: put it back, or set {SECRET_VARIABLE}")


def _no_accounts(home: "Home") -> "SettingsError":
    from rhapsode.core.errors import SettingsError  # noqa: PLC0415
    from rhapsode.settings.home import HOME_VARIABLE  # noqa: PLC0415

    return SettingsError(
        f"there are no accounts in {home.path} yet: `rhapsode serve` makes the first; "
        f"--home or {HOME_VARIABLE} names another home"
    )
