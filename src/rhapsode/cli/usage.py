"""`rhapsode usage`: what was used, as the ledger has it."""

from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.accounts import open_accounts
from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.accounts.usage import UsageQuery, UsageRow
    from rhapsode.cli.account_words import AccountWords


def usage(
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="WHAT", help="day, group, user, key or model; repeatable. Else by day."),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day, in UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day, in UTC.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="One group alone: its name or its id.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="One key alone, by its id.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="One model alone, as callers wrote it.")] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with a heading.")] = False,
) -> None:
    """Show what was used: calls, tokens, characters, seconds of sound, and what it cost."""
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv", param_hint="--csv")
    with open_accounts(home) as opened:
        from rhapsode.accounts.shown import write_shown  # noqa: PLC0415  an extra
        from rhapsode.accounts.usage import UsageQuery, read_usage  # noqa: PLC0415
        from rhapsode.accounts.usage_shown import read_day, read_dimensions, show_usage, usage_csv  # noqa: PLC0415
        from rhapsode.cli.table import print_table  # noqa: PLC0415
        from rhapsode.settings.read import read_settings  # noqa: PLC0415

        query = UsageQuery(
            by=read_dimensions(by or ["day"]),
            since=None if since is None else read_day(since, "from"),
            until=None if until is None else read_day(until, "to"),
            group=group,
            key_id=key,
            model=model,
        )
        rows = opened.database.transact(lambda connection: read_usage(connection, query), write=False)
        currency = read_settings(opened.home.settings_file).prices.currency
        if as_json:
            typer.echo(write_shown(show_usage(rows, query, currency)))
        elif as_csv:
            typer.echo(usage_csv(rows, query, currency), nl=False)
        elif rows:
            columns = _columns(query, opened.words, currency)
            print_table(opened.screen, columns, map(_row, rows), whole=len(query.by), is_headed=True)
        else:
            opened.screen.note(opened.words.no_usage)


def _columns(query: "UsageQuery", words: "AccountWords", currency: str) -> tuple[str, ...]:
    return (
        *(words.usage_by[dimension.value] for dimension in query.by),
        *words.usage_figures,
        words.usage_cost.format(currency=currency),
    )


def _row(row: "UsageRow") -> tuple[str, ...]:
    from rhapsode.accounts.money import write_money  # noqa: PLC0415  an extra

    return (
        *(name or value or "-" for value, name in zip(row.of, row.names, strict=True)),
        str(row.calls),
        str(row.failed),
        str(row.prompt_tokens),
        str(row.reply_tokens),
        str(row.characters),
        f"{row.audio_ms / 1000:.1f}",
        write_money(row.cost),
    )
