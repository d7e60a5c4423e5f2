"""`rhapsode users`: whose keys are whose."""

from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.users import UserRecord
    from rhapsode.cli.accounts import Opened

app = typer.Typer(help="Make and list the users of groups, and end their keys.", no_args_is_help=True)

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user's id; or the name, with --group.")]
OfGroupOption = Annotated[str | None, typer.Option("--group", help="The user's group: its name or its id.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the user is called.")],
    group: Annotated[str, typer.Option("--group", help="The user's group: its name or its id.")],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a user of a group."""
    with open_accounts(home) as opened:
        _show(opened, opened.users.create(group, name), as_json=as_json)


@app.command("list")
def list_(group: OfGroupOption = None, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List every user, or those of a group."""
    with open_accounts(home) as opened:
        from rhapsode.accounts.shown import show_user, write_shown  # noqa: PLC0415  an extra
        from rhapsode.cli.account_rows import user_columns, user_row  # noqa: PLC0415
        from rhapsode.cli.table import print_table  # noqa: PLC0415

        records = opened.users.list(group)
        if as_json:
            typer.echo(write_shown([show_user(record) for record in records]))
        elif records:
            print_table(opened.screen, user_columns(opened.words), map(user_row, records))
        else:
            opened.screen.note(opened.words.no_users)


@app.command("show")
def show(
    user: UserArgument, group: OfGroupOption = None, home: HomeOption = None, *, as_json: JsonOption = False
) -> None:
    """Show a user."""
    with open_accounts(home) as opened:
        _show(opened, opened.users.show(user, group=group), as_json=as_json)


@app.command("revoke")
def revoke(
    user: UserArgument, group: OfGroupOption = None, home: HomeOption = None, *, as_json: JsonOption = False
) -> None:
    """Revoke every key of a user; a running server refuses them within a second."""
    with open_accounts(home) as opened:
        record = opened.users.revoke_keys(user, group=group)
        if as_json:
            _show(opened, record, as_json=True)
        else:
            opened.screen.write(opened.words.user_revoked.format(name=record.name) + "\n")


def _show(opened: "Opened", record: "UserRecord", *, as_json: bool) -> None:
    from rhapsode.accounts.shown import show_user, write_shown  # noqa: PLC0415  an extra
    from rhapsode.cli.account_rows import print_upright, user_columns, user_row  # noqa: PLC0415

    if as_json:
        typer.echo(write_shown(show_user(record)))
    else:
        print_upright(opened.screen, opened.words, user_columns(opened.words), user_row(record))
