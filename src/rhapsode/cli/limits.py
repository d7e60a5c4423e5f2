"""`rhapsode limits`: how much groups and keys may have."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.account_options import NONE, read_amount, read_figure
from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.limits import LimitName
    from rhapsode.cli.accounts import Opened

app = typer.Typer(help="Set, list and clear limits of groups and keys.", no_args_is_help=True)

GroupOption = Annotated[str | None, typer.Option("--group", help="The group: its name or its id.")]
KeyOption = Annotated[str | None, typer.Option("--key", help="A key, by its id; else the limit is the whole group's.")]
ModelOption = Annotated[str, typer.Option("--model", help="One model; else all together.")]


@app.command("set")
def set_(
    group: GroupOption = None,
    key: KeyOption = None,
    model: ModelOption = "",
    home: HomeOption = None,
    *,
    requests: Annotated[str | None, typer.Option("--requests", metavar="N", help="Requests a minute.")] = None,
    tokens: Annotated[
        str | None, typer.Option("--tokens", metavar="N", help="Tokens a minute, of prompts and replies.")
    ] = None,
    characters: Annotated[
        str | None, typer.Option("--characters", metavar="N", help="Characters a minute that are spoken.")
    ] = None,
    parallel: Annotated[str | None, typer.Option("--parallel", metavar="N", help="Requests at once.")] = None,
    spend: Annotated[
        str | None,
        typer.Option("--spend", metavar="AMOUNT", help="Money a calendar month, in the currency of the prices."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set limits; those that are not named stay, and `none` lifts one. A running server feels it within a second."""
    figures: dict[LimitName, int | None] = {}
    whole: tuple[tuple[LimitName, str, str | None], ...] = (
        ("requests_per_minute", "--requests", requests),
        ("tokens_per_minute", "--tokens", tokens),
        ("characters_per_minute", "--characters", characters),
        ("parallel", "--parallel", parallel),
    )
    for name, option, text in whole:
        if text is not None:
            figures[name] = read_figure(text, option)
    money = None if spend is None or spend == NONE else read_amount(spend, "--spend")
    with open_accounts(home) as opened:
        if spend is not None:
            figures["spend_per_month"] = _millionths(money)
        _set(opened, group, key, model, figures, as_json=as_json)


@app.command("list")
def list_(
    group: GroupOption = None, key: KeyOption = None, home: HomeOption = None, *, as_json: JsonOption = False
) -> None:
    """List every limit, or those of a group and its keys, or those of a key."""
    with open_accounts(home) as opened:
        from rhapsode.accounts.limits import Holder  # noqa: PLC0415  an extra
        from rhapsode.accounts.shown import show_limit, write_shown  # noqa: PLC0415
        from rhapsode.cli.account_rows import limit_columns, limit_row  # noqa: PLC0415
        from rhapsode.cli.table import print_table  # noqa: PLC0415

        records = opened.limits.list(Holder(group=group, key_id=key) if group or key else None)
        if as_json:
            typer.echo(write_shown([show_limit(record) for record in records]))
        elif records:
            words = opened.words
            print_table(opened.screen, limit_columns(words), (limit_row(record, words) for record in records))
        else:
            opened.screen.note(opened.words.no_limits)


@app.command("clear")
def clear(
    group: GroupOption = None,
    key: KeyOption = None,
    model: ModelOption = "",
    home: HomeOption = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="For every model and for all together.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lift the limits of a group or a key: those for all models together, or for one model, or all."""
    with open_accounts(home) as opened:
        from rhapsode.accounts.limits import Holder  # noqa: PLC0415  an extra
        from rhapsode.accounts.shown import write_shown  # noqa: PLC0415

        cleared = opened.limits.clear(Holder(group=group, key_id=key), None if everything else model)
        if as_json:
            typer.echo(write_shown({"cleared": cleared}))
        else:
            opened.screen.write(opened.words.limits_cleared.format(count=cleared) + "\n")


def _set(
    opened: "Opened",
    group: str | None,
    key: str | None,
    model: str,
    figures: "dict[LimitName, int | None]",
    *,
    as_json: bool,
) -> None:
    from rhapsode.accounts.limits import Holder  # noqa: PLC0415  an extra
    from rhapsode.accounts.shown import show_limit, write_shown  # noqa: PLC0415
    from rhapsode.cli.account_rows import limit_columns, limit_row, print_upright  # noqa: PLC0415

    record = opened.limits.set(Holder(group=group, key_id=key), model, figures)
    if as_json:
        typer.echo(write_shown(None if record is None else show_limit(record)))
    elif record is None:
        opened.screen.write(opened.words.limit_is_gone + "\n")
    else:
        print_upright(opened.screen, opened.words, limit_columns(opened.words), limit_row(record, opened.words))


def _millionths(money: Decimal | None) -> int | None:
    from rhapsode.accounts.money import to_millionths  # noqa: PLC0415  an extra

    return None if money is None else to_millionths(money, "spend_per_month")
