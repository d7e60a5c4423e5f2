"""The extras: which are installed, and which of those that are not the settings ask for."""

from collections.abc import Callable, Collection
from importlib.util import find_spec
from typing import Final

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok, warn

EXTRAS: Final = {
    "server": ("starlette", "uvicorn", "sqlalchemy", "xllamacpp", "structlog", "prometheus_client"),
    "espeak": ("espeakng_loader", "pyworld", "opencc", "pypinyin", "sudachipy"),
    "postgres": ("psycopg",),
    "redis": ("redis",),
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter"),
}
"""what each brings, as far as it shows whether it is there"""


def check_extras(needed: Collection[str], is_there: Callable[[str], bool] | None = None) -> list[Finding]:
    """One finding an extra. `needed` are those that the settings cannot do without."""
    is_there = is_there or _is_there
    if not can_serve(is_there):
        needed = ()  # by nothing that this installation could do
    return [_check(extra, is_needed=extra in needed, is_there=is_there) for extra in EXTRAS]


def can_serve(is_there: Callable[[str], bool] | None = None) -> bool:
    """Whether this is more than the SDK and the command line."""
    return all(map(is_there or _is_there, EXTRAS["server"]))


def _check(extra: str, *, is_needed: bool, is_there: Callable[[str], bool]) -> Finding:
    check = f"extra {extra}"
    missing = [package for package in EXTRAS[extra] if not is_there(package)]
    if not missing:
        return ok(check, words.EXTRA, extra=extra)
    facts = {"extra": extra, "missing": ", ".join(missing)}
    if extra == "server":
        return warn(check, words.NO_SERVER, words.EXTRA_FIX, **facts)
    if is_needed:
        return fail(check, words.EXTRA_NEEDED, words.EXTRA_FIX, **facts)
    return ok(check, words.EXTRA_UNUSED, **facts)


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # what it is part of is not there
        return False
