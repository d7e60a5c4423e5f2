"""`rhapsode groups`: who is billed, and what each has left to spend."""

from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.account_options import read_amount
from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.groups import GroupRecord
    from rhapsode.cli.accounts import Opened

app = typer.Typer(help="Make and list groups, and keep their balances.", no_args_is_help=True)

GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="The group: its name or its id.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the group is called.")],
    home: HomeOption = None,
    *,
    group_id: Annotated[
        str | None,
        typer.Option("--id", help="The id that it has on the platform, for programs that send it as GroupId."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a group."""
    with open_accounts(home, makes=True) as opened:
        _show(opened, opened.groups.create(name, group_id=group_id), as_json=as_json)


@app.command("list")
def list_(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List every group."""
    with open_accounts(home) as opened:
        from rhapsode.accounts.shown import show_group, write_shown  # noqa: PLC0415  an extra
        from rhapsode.cli.account_rows import group_columns, group_row  # noqa: PLC0415
        from rhapsode.cli.table import print_table  # noqa: PLC0415

        records = opened.groups.list()
        if as_json:
            typer.echo(write_shown([show_group(record) for record in records]))
        elif records:
            words = opened.words
            print_table(opened.screen, group_columns(words), (group_row(record, words) for record in records))
        else:
            opened.screen.note(opened.words.no_groups)


@app.command("show")
def show(group: GroupArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Show a group."""
    with open_accounts(home) as opened:
        _show(opened, opened.groups.show(group), as_json=as_json)


@app.command("rename")
def rename(
    group: GroupArgument,
    name: Annotated[str, typer.Argument(help="What it is called from now on.")],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Call a group otherwise; its id stays."""
    with open_accounts(home) as opened:
        _show(opened, opened.groups.rename(group, name), as_json=as_json)


@app.command("balance")
def balance(
    group: GroupArgument,
    home: HomeOption = None,
    *,
    add: Annotated[
        str | None, typer.Option("--add", metavar="AMOUNT", help="So much more to spend; less, where it is negative.")
    ] = None,
    to: Annotated[str | None, typer.Option("--set", metavar="AMOUNT", help="So much to spend in all.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Keep no balance: nothing ends.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a group has left to spend, or change it. Amounts are in the currency of the prices."""
    if sum((add is not None, to is not None, none)) > 1:
        raise typer.BadParameter("name one of --add, --set and --none")
    with open_accounts(home) as opened:
        from rhapsode.accounts.money import to_millionths  # noqa: PLC0415  an extra

        if add is not None:
            record = opened.groups.add_balance(group, to_millionths(read_amount(add, "--add"), "balance"))
        elif to is not None:
            record = opened.groups.set_balance(group, to_millionths(read_amount(to, "--set"), "balance"))
        elif none:
            record = opened.groups.set_balance(group, None)
        else:
            record = opened.groups.show(group)
        _show(opened, record, as_json=as_json)


def _show(opened: "Opened", record: "GroupRecord", *, as_json: bool) -> None:
    from rhapsode.accounts.shown import show_group, write_shown  # noqa: PLC0415  an extra
    from rhapsode.cli.account_rows import group_columns, group_row, print_upright  # noqa: PLC0415

    if as_json:
        typer.echo(write_shown(show_group(record)))
    else:
        print_upright(opened.screen, opened.words, group_columns(opened.words), group_row(record, opened.words))
