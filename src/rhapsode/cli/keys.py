"""`rhapsode keys`: make, list and revoke keys, while a server runs or not."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rhapsode.core.errors import RhapsodeError, SettingsError
from rhapsode.settings.credentials import Credentials
from rhapsode.settings.home import Home, find_home
from rhapsode.settings.read import read_settings

if TYPE_CHECKING:
    from rhapsode.accounts.keys import Accounts
    from rhapsode.accounts.records import KeyRecord

# Every sentence that a user reads stands here.
KEYS_HELP = "Make, list and revoke API keys."
CREATE_HELP = "Make a key. It is shown this once."
LIST_HELP = "List every key: never the key itself."
REVOKE_HELP = "Revoke a key; a running server refuses it within a second."
HOME_HELP = "The home directory; else RHAPSODE_HOME, else the user's data directory."
GROUP_HELP = "The group that the key belongs to; made when it is new."
JSON_HELP = "Print JSON."
SAVE_HELP = "Also put it into the home's credentials.toml, for the programs of this machine."
KEY_ID_HELP = "The key's id, as `keys list` shows it."
REVOKED = "{key_id} of group {group} is revoked."
KEPT = "Kept in {path}"
ONCE = "The key is not shown again."
NO_KEYS = "There are no keys yet."
COLUMNS = ("id", "group", "ends in", "created", "revoked")
NO_SERVER_EXTRA = "keys are kept by the server, and {missing} is not installed: run pip install 'rhapsode[server]'"

app = typer.Typer(help=KEYS_HELP, no_args_is_help=True)

HomeOption = Annotated[Path | None, typer.Option("--home", help=HOME_HELP, show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help=JSON_HELP)]


@app.command("create", help=CREATE_HELP)
def create(
    group: Annotated[str, typer.Option("--group", help=GROUP_HELP)],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    save: Annotated[bool, typer.Option("--save", help=SAVE_HELP)] = False,
) -> None:
    """Make a key."""
    with _accounts(home) as (accounts, place):
        new = accounts.create_key(group)
        # The key is printed before it is saved: should the saving fail, nobody has lost it.
        if as_json:
            typer.echo(json.dumps({"group_id": new.group_id, "api_key": new.api_key}))
        else:
            typer.echo(f"group_id  {new.group_id}\napi_key   {new.api_key}\n{ONCE}")
        if save:
            place.keep_credentials(Credentials(base_url=_base_url(place), group_id=new.group_id, api_key=new.api_key))
            typer.echo(KEPT.format(path=place.credentials_file), err=True)


@app.command("list", help=LIST_HELP)
def list_(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List every key."""
    with _accounts(home) as (accounts, _):
        records = accounts.list_keys()
    if as_json:
        typer.echo(json.dumps([_as_object(record) for record in records], ensure_ascii=False))
    elif records:
        Console().print(_table(records))
    else:
        typer.echo(NO_KEYS)


@app.command("revoke", help=REVOKE_HELP)
def revoke(key_id: Annotated[str, typer.Argument(help=KEY_ID_HELP)], home: HomeOption = None) -> None:
    """Revoke a key."""
    with _accounts(home) as (accounts, _):
        record = accounts.revoke_key(key_id)
    typer.echo(REVOKED.format(key_id=record.key_id, group=record.group_name))


@contextmanager
def _accounts(option: Path | None) -> Generator[tuple["Accounts", Home]]:
    """The accounts of a home, which is made when it is new. A fault ends the command with one line and status 1."""
    try:
        try:
            from rhapsode.accounts.keys import Accounts  # noqa: PLC0415  the server extra may be missing
            from rhapsode.database.connect import open_database  # noqa: PLC0415
            from rhapsode.database.migrate import migrate  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise SettingsError(NO_SERVER_EXTRA.format(missing=error.name)) from error
        home = find_home(option, os.environ)
        home.prepare()
        database = open_database(home.database_url(read_settings(home.settings_file)))
        try:
            migrate(database)
            yield Accounts(database, home.secret(os.environ)), home
        finally:
            database.close()
    except RhapsodeError as error:
        typer.echo(f"rhapsode: {error.message}", err=True)
        raise typer.Exit(1) from error


def _base_url(home: Home) -> str:
    server = read_settings(home.settings_file).server
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.host, server.host)  # noqa: S104  compared, not bound
    return f"http://{host}:{server.port}"


def _as_object(record: "KeyRecord") -> dict[str, str | None]:
    return {
        "key_id": record.key_id,
        "group": record.group_name,
        "group_id": record.group_id,
        "hint": record.hint,
        "created_at": _time(record.created_at),
        "revoked_at": None if record.revoked_at is None else _time(record.revoked_at),
    }


def _table(records: list["KeyRecord"]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in COLUMNS:
        # Where the screen is narrow a long group name folds; an id is for copying and stays whole.
        table.add_column(name, overflow="fold", no_wrap=name != "group")
    for record in records:
        created = _time(record.created_at, "minutes")
        revoked = "" if record.revoked_at is None else _time(record.revoked_at, "minutes")
        # Text, not str: rich would read "[b]" in a group's name as a style.
        table.add_row(record.key_id, Text(record.group_name), record.hint, created, revoked)
    return table


def _time(seconds: int, precision: str = "seconds") -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
