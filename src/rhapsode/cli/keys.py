"""`rhapsode keys`: make, list, replace and revoke keys, while a server runs or not."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.account_options import (
    NONE,
    AddressesOption,
    ExpiresOption,
    GraceOption,
    ModelsOption,
    NameOption,
    UserOption,
    read_expiry,
    read_span,
    several,
)
from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.keys import NewKey
    from rhapsode.accounts.records import KeyRecord
    from rhapsode.accounts.terms import KeyTerms
    from rhapsode.cli.accounts import Opened
    from rhapsode.settings.home import Home

app = typer.Typer(help="Make, list, replace and revoke API keys.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, as `keys list` shows it.")]
GroupOption = Annotated[str, typer.Option("--group", help="The group that the key belongs to; made when it is new.")]
SaveOption = Annotated[
    bool,
    typer.Option("--save", help="Also put it into the home's credentials.toml, for the programs of this machine."),
]
_LONGEST_FILE = 64 * 1024


@app.command("create")
def create(
    group: GroupOption,
    name: NameOption = "",
    user: UserOption = None,
    expires: ExpiresOption = None,
    models: ModelsOption = None,
    addresses: AddressesOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    save: SaveOption = False,
) -> None:
    """Make a key. It is shown this once."""
    expires_at = read_expiry(expires)
    with open_accounts(home, makes=True) as opened:
        terms = _terms(name, user, expires_at, models, addresses)
        _tell_new(opened, opened.accounts.create_key(group, terms), as_json=as_json, save=save)


@app.command("import")
def import_(
    group: GroupOption,
    file: Annotated[Path | None, typer.Option("--file", help="The file that holds it; else standard input.")] = None,
    name: NameOption = "",
    user: UserOption = None,
    expires: ExpiresOption = None,
    models: ModelsOption = None,
    addresses: AddressesOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take over one of the platform's older keys, a JWT, so that programs that hold it need no other.

    It is read from a file or standard input, since a command line is seen by every user of the machine. A group that
    is new gets the id that the key names.
    """
    expires_at = read_expiry(expires)
    with open_accounts(home, makes=True) as opened:
        from rhapsode.accounts.jwt import read_jwt  # noqa: PLC0415  an extra

        if file is None and opened.screen.can_ask:
            opened.screen.note(opened.words.paste_jwt)
        jwt = _read_jwt(file)
        named = read_jwt(jwt)
        record = opened.accounts.import_jwt(group, jwt, _terms(name, user, expires_at, models, addresses))
        _show(opened, record, as_json=as_json)
        if named not in {None, record.group_id}:
            opened.screen.note(opened.words.jwt_of_another_group.format(named=named, group_id=record.group_id))


@app.command("list")
def list_(
    group: Annotated[str | None, typer.Option("--group", help="Only keys of this group: a name or an id.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Only keys of this user: an id, or a name.")] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List every key: never the key itself."""
    with open_accounts(home) as opened:
        from rhapsode.accounts.shown import show_key, write_shown  # noqa: PLC0415  an extra
        from rhapsode.cli.account_rows import key_columns, key_row  # noqa: PLC0415
        from rhapsode.cli.table import print_table  # noqa: PLC0415

        records = opened.accounts.list_keys(group=group, user=user)
        if as_json:
            typer.echo(write_shown([show_key(record) for record in records]))
        elif records:
            words = opened.words
            print_table(opened.screen, key_columns(words), (key_row(record, words) for record in records))
        else:
            opened.screen.note(opened.screen.words.no_keys)


@app.command("show")
def show(key_id: KeyArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Show a key: never the key itself."""
    with open_accounts(home) as opened:
        _show(opened, opened.accounts.show_key(key_id), as_json=as_json)


@app.command("change")
def change(
    key_id: KeyArgument,
    name: Annotated[str | None, typer.Option("--name", help="What the key is for.")] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="The user of the group whose key it is; `none`: nobody's.")
    ] = None,
    expires: ExpiresOption = None,
    models: ModelsOption = None,
    addresses: AddressesOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let a key do something else. What is not named stays; `--model none` and `--address none` allow all again."""
    expires_at = read_expiry(expires)

    def changed(terms: "KeyTerms") -> "KeyTerms":
        return replace(
            terms,
            name=terms.name if name is None else name,
            user=terms.user if user is None else (None if user == NONE else user),
            expires_at=terms.expires_at if expires is None else expires_at,
            models=terms.models if not models else (None if models == [NONE] else tuple(models)),
            addresses=terms.addresses if not addresses else (None if addresses == [NONE] else tuple(addresses)),
        )

    with open_accounts(home) as opened:
        _show(opened, opened.accounts.change_key(key_id, changed), as_json=as_json)


@app.command("rotate")
def rotate(
    key_id: KeyArgument,
    grace: GraceOption = "0",
    expires: ExpiresOption = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    save: SaveOption = False,
) -> None:
    """Put a new key in the place of one: it may do the same, and is held to the same limits. It is shown this once."""
    seconds, expires_at = read_span(grace), read_expiry(expires)
    with open_accounts(home) as opened:
        new = opened.accounts.rotate_key(key_id, grace=seconds, expires_at=expires_at)
        _tell_new(opened, new, as_json=as_json, save=save)
        if not as_json:
            from rhapsode.accounts.shown import write_time  # noqa: PLC0415  an extra

            old = opened.accounts.show_key(key_id)
            if old.revoked_at is None and old.expires_at is not None:
                told = opened.words.old_key_ends.format(key_id=old.key_id, time=write_time(old.expires_at))
            else:
                told = opened.words.old_key_ended.format(key_id=old.key_id)
            opened.screen.note(told)


@app.command("revoke")
def revoke(key_id: KeyArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Revoke a key; a running server refuses it within a second."""
    with open_accounts(home) as opened:
        record = opened.accounts.revoke_key(key_id)
        if as_json:
            _show(opened, record, as_json=True)
            return
        screen = opened.screen
        screen.write(screen.words.key_is_revoked.format(key_id=record.key_id, group=record.group_name) + "\n")


def _tell_new(opened: "Opened", new: "NewKey", *, as_json: bool, save: bool) -> None:
    from rhapsode.accounts.shown import show_key, write_shown  # noqa: PLC0415  an extra
    from rhapsode.settings.credentials import Credentials  # noqa: PLC0415

    screen, home = opened.screen, opened.home
    # The key is printed before it is saved: should the saving fail, nobody has lost it.
    if as_json:
        typer.echo(write_shown(show_key(opened.accounts.show_key(new.key_id), new.api_key)))
    else:
        screen.write(f"group_id  {new.group_id}\napi_key   {new.api_key}\nkey_id    {new.key_id}\n")
        screen.note(screen.words.key_shown_once)
    if save:
        home.keep_credentials(Credentials(base_url=_base_url(home), group_id=new.group_id, api_key=new.api_key))
        screen.note(screen.words.key_kept.format(path=home.credentials_file))


def _show(opened: "Opened", record: "KeyRecord", *, as_json: bool) -> None:
    from rhapsode.accounts.shown import show_key, write_shown  # noqa: PLC0415  an extra
    from rhapsode.cli.account_rows import key_columns, key_row, print_upright  # noqa: PLC0415

    if as_json:
        typer.echo(write_shown(show_key(record)))
    else:
        print_upright(opened.screen, opened.words, key_columns(opened.words), key_row(record, opened.words))


def _terms(
    name: str, user: str | None, expires_at: int | None, models: list[str] | None, addresses: list[str] | None
) -> "KeyTerms":
    from rhapsode.accounts.terms import KeyTerms  # noqa: PLC0415  an extra

    return KeyTerms(name=name, user=user, expires_at=expires_at, models=several(models), addresses=several(addresses))


def _read_jwt(file: Path | None) -> str:
    try:
        if file is None:
            return sys.stdin.read(_LONGEST_FILE).strip()
        with file.open(encoding="utf-8") as opened:
            return opened.read(_LONGEST_FILE).strip()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror})", param_hint="--file") from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter("this is no text", param_hint="--file") from error


def _base_url(home: "Home") -> str:
    """The address that is kept already, which a running server has written; else where one would be found."""
    from rhapsode.client import find_address  # noqa: PLC0415
    from rhapsode.settings.credentials import read_credentials  # noqa: PLC0415
    from rhapsode.settings.read import read_settings  # noqa: PLC0415

    server = read_settings(home.settings_file).server
    if server.tls_cert and server.public_url:  # a certificate is for a name, which the public address has
        return server.public_url.rstrip("/")
    scheme, kept = "https" if server.tls_cert else "http", read_credentials(home.credentials_file)
    if kept is not None and kept.base_url.startswith(f"{scheme}:"):
        there = find_address(kept.base_url, None, None, {})
        if there.is_loopback:
            return kept.base_url
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104  compared, not bound
    return f"{scheme}://[{host}]:{server.port}" if ":" in host else f"{scheme}://{host}:{server.port}"
