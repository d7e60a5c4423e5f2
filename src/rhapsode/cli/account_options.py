"""Options of the commands that look after accounts, and how their values are read."""

import re
import time
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
_SPAN: Final = re.compile(r"([0-9]{1,9})([smhdw])")
NONE: Final = "none"
"""What is typed to lift something."""

ExpiresOption = Annotated[
    str | None,
    typer.Option(
        "--expires",
        metavar="WHEN",
        help="Until when the key is good: 30d, 12h, 2027-01-31 or 2027-01-31T08:00+08:00; a date alone is UTC. "
        "`none`: for ever.",
    ),
]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="A model that the key may ask for, repeatable; else every one."),
]
AddressesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--address",
        metavar="NETWORK",
        help="Where the key may be used from: 10.1.2.3, 10.0.0.0/8, 2001:db8::/32; repeatable; else from anywhere.",
    ),
]
NameOption = Annotated[str, typer.Option("--name", help="What the key is for; it is shown in lists.")]
UserOption = Annotated[
    str | None, typer.Option("--user", help="The user of the group whose key it is: a name or an id.")
]
GraceOption = Annotated[
    str,
    typer.Option("--grace", metavar="SPAN", help="How long the old key lives on: 90s, 30m, 1h, 7d; at most 30d."),
]


def read_expiry(text: str | None) -> int | None:
    """Seconds since 1970, of a span from now or a moment. Raises `typer.BadParameter`."""
    if text is None or text == NONE:
        return None
    if span := _SPAN.fullmatch(text):
        return int(time.time()) + int(span[1]) * _SECONDS[span[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("say 30d, 12h, 2027-01-31 or 2027-01-31T08:00Z", param_hint="--expires") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def read_span(text: str) -> int:
    """Seconds, of a span such as `1h`. Raises `typer.BadParameter`."""
    span = _SPAN.fullmatch(text)
    if not span and text != "0":
        raise typer.BadParameter("say 90s, 30m, 1h or 7d", param_hint="--grace")
    return int(span[1]) * _SECONDS[span[2]] if span else 0


def read_figure(text: str, option: str) -> int | None:
    """A whole number, or None for `none`. Raises `typer.BadParameter`."""
    if text == NONE:
        return None
    if not re.fullmatch("[0-9]{1,18}", text):
        raise typer.BadParameter("must be a whole number, or `none` to lift the limit", param_hint=option)
    return int(text)


def read_amount(text: str, option: str) -> Decimal:
    """Money. Raises `typer.BadParameter`."""
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise typer.BadParameter("must be an amount such as 10.5", param_hint=option) from error


def several(values: list[str] | None) -> tuple[str, ...] | None:
    """The values of an option that can be repeated; None where it was not given."""
    return tuple(values) if values else None
