"""`rhapsode keys`: make, list and revoke keys, while a server runs or not."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.records import KeyRecord
    from rhapsode.settings.home import Home

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command("create")
def create(
    group: Annotated[str, typer.Option("--group", help="The group that the key belongs to; made when it is new.")],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    save: Annotated[
        bool,
        typer.Option("--save", help="Also put it into the home's credentials.toml, for the programs of this machine."),
    ] = False,
) -> None:
    """Make a key. It is shown this once."""
    from rhapsode.settings.credentials import Credentials  # noqa: PLC0415  brings in what help does not wait for

    with open_accounts(home) as opened:
        screen, place = opened.screen, opened.home
        new = opened.accounts.create_key(group)
        # The key is printed before it is saved: should the saving fail, nobody has lost it.
        if as_json:
            typer.echo(json.dumps({"group_id": new.group_id, "api_key": new.api_key}))
        else:
            screen.write(f"group_id  {new.group_id}\napi_key   {new.api_key}\n")
            screen.note(screen.words.key_shown_once)
        if save:
            place.keep_credentials(Credentials(base_url=_base_url(place), group_id=new.group_id, api_key=new.api_key))
            screen.note(screen.words.key_kept.format(path=place.credentials_file))


@app.command("list")
def list_(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List every key: never the key itself."""
    from rhapsode.cli.table import print_table  # noqa: PLC0415  brings in what help does not wait for

    with open_accounts(home) as opened:
        records = opened.accounts.list_keys()
    screen = opened.screen
    words = screen.words
    if as_json:
        typer.echo(json.dumps([_as_object(record) for record in records], ensure_ascii=False))
    elif records:
        columns = (words.key_id, words.key_group, words.key_ends, words.key_created, words.key_revoked)
        print_table(screen, columns, map(_as_row, records))
    else:
        screen.note(words.no_keys)


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")], home: HomeOption = None
) -> None:
    """Revoke a key; a running server refuses it within a second."""
    with open_accounts(home) as opened:
        record = opened.accounts.revoke_key(key_id)
    screen = opened.screen
    screen.write(screen.words.key_is_revoked.format(key_id=record.key_id, group=record.group_name) + "\n")


def _base_url(home: "Home") -> str:
    """The address that is kept already, which a running server has written; else where one would listen."""
    from rhapsode.client import find_address  # noqa: PLC0415
    from rhapsode.settings.credentials import read_credentials  # noqa: PLC0415
    from rhapsode.settings.read import read_settings  # noqa: PLC0415

    kept = read_credentials(home.credentials_file)
    if kept is not None and find_address(kept.base_url, None, None, {}).is_loopback:
        return kept.base_url
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


def _as_row(record: "KeyRecord") -> tuple[str, str, str, str, str]:
    created = _time(record.created_at, "minutes")
    revoked = "" if record.revoked_at is None else _time(record.revoked_at, "minutes")
    return record.key_id, record.group_name, record.hint, created, revoked


def _time(seconds: int, precision: str = "seconds") -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
