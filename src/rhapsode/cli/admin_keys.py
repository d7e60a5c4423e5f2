"""`rhapsode admin-keys`: keys of those who look after a server by its admin API, for nothing else."""

from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.account_options import AddressesOption, ExpiresOption, GraceOption, read_expiry, read_span, several
from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.admin_keys import NewAdminKey
    from rhapsode.accounts.records import AdminKeyRecord
    from rhapsode.cli.accounts import Opened

app = typer.Typer(help="Make, list, replace and revoke keys for /v1/admin and /metrics.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, as `admin-keys list` shows it.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="Whose key it is: the server's log names who changed what.")],
    expires: ExpiresOption = None,
    addresses: AddressesOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a key. It is shown this once."""
    expires_at = read_expiry(expires)
    with open_accounts(home, makes=True) as opened:
        new = opened.admin_keys.create(name, expires_at=expires_at, addresses=several(addresses))
        _tell_new(opened, new, as_json=as_json)


@app.command("list")
def list_(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List every key: never the key itself."""
    with open_accounts(home) as opened:
        from rhapsode.accounts.shown import show_admin_key, write_shown  # noqa: PLC0415  an extra
        from rhapsode.cli.account_rows import admin_key_columns, admin_key_row  # noqa: PLC0415
        from rhapsode.cli.table import print_table  # noqa: PLC0415

        records = opened.admin_keys.list()
        if as_json:
            typer.echo(write_shown([show_admin_key(record) for record in records]))
        elif records:
            words = opened.words
            print_table(opened.screen, admin_key_columns(words), (admin_key_row(record, words) for record in records))
        else:
            opened.screen.note(opened.words.no_admin_keys)


@app.command("show")
def show(key_id: KeyArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Show a key: never the key itself."""
    with open_accounts(home) as opened:
        _show(opened, opened.admin_keys.show(key_id), as_json=as_json)


@app.command("rotate")
def rotate(
    key_id: KeyArgument,
    grace: GraceOption = "0",
    expires: ExpiresOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put a new key in the place of one. It is shown this once."""
    seconds, expires_at = read_span(grace), read_expiry(expires)
    with open_accounts(home) as opened:
        _tell_new(opened, opened.admin_keys.rotate(key_id, grace=seconds, expires_at=expires_at), as_json=as_json)


@app.command("revoke")
def revoke(key_id: KeyArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Revoke a key; a running server refuses it within a second."""
    with open_accounts(home) as opened:
        record = opened.admin_keys.revoke(key_id)
        if as_json:
            _show(opened, record, as_json=True)
        else:
            told = opened.words.admin_key_revoked.format(key_id=record.key_id, name=record.name)
            opened.screen.write(told + "\n")


def _tell_new(opened: "Opened", new: "NewAdminKey", *, as_json: bool) -> None:
    from rhapsode.accounts.shown import show_admin_key, write_shown  # noqa: PLC0415  an extra

    if as_json:
        typer.echo(write_shown(show_admin_key(opened.admin_keys.show(new.key_id), new.api_key)))
    else:
        opened.screen.write(f"key_id   {new.key_id}\napi_key  {new.api_key}\n")
        opened.screen.note(opened.screen.words.key_shown_once)


def _show(opened: "Opened", record: "AdminKeyRecord", *, as_json: bool) -> None:
    from rhapsode.accounts.shown import show_admin_key, write_shown  # noqa: PLC0415  an extra
    from rhapsode.cli.account_rows import admin_key_columns, admin_key_row, print_upright  # noqa: PLC0415

    if as_json:
        typer.echo(write_shown(show_admin_key(record)))
    else:
        print_upright(opened.screen, opened.words, admin_key_columns(opened.words), admin_key_row(record, opened.words))
