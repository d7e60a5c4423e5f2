"""`rhapsode doctor`: looks at the installation, and says what to do about what is not as it should be."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rhapsode.cli.checks.finding import Finding
    from rhapsode.cli.screen import Screen


def doctor(
    home: HomeOption = None,
    *,
    online: Annotated[bool, typer.Option("--online", help="Ask the upstreams of the settings, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at the installation, and say what to do about what is wrong. Nothing is changed.

    The status is 1 where anything fails.
    """
    from rhapsode.cli.checks.all import look  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.checks.finding import Level  # noqa: PLC0415
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415
    from rhapsode.settings.home import find_home  # noqa: PLC0415

    screen, found = open_screen(), list["Finding"]()
    for finding in look(find_home(home, os.environ), online=online):
        found.append(finding)
        if not as_json:
            _show(screen, finding)
    if as_json:
        typer.echo(json.dumps([_as_object(screen, finding) for finding in found], ensure_ascii=False))
    else:
        _sum_up(screen, found)
    if any(finding.level is Level.FAIL for finding in found):
        raise typer.Exit(1)


def _show(screen: "Screen", finding: "Finding") -> None:
    from rich.text import Text  # noqa: PLC0415  brings in what help does not wait for

    from rhapsode.cli.screen import printable  # noqa: PLC0415

    style = {"ok": "green", "warn": "yellow", "fail": "bold red"}[finding.level.value]
    said = printable(finding.said.told(finding.facts, chinese=screen.chinese))
    line = Text.assemble((f"{finding.level.value:<5}", style), (f"{finding.check:<18} ", "bold"), said)
    screen.out.print(line, soft_wrap=True)
    if finding.fix is not None:
        screen.out.print(
            f"      -> {printable(finding.fix.told(finding.facts, chinese=screen.chinese))}",
            soft_wrap=True,
            markup=False,
        )


def _sum_up(screen: "Screen", found: "Sequence[Finding]") -> None:
    from rhapsode.cli.checks import words  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.checks.finding import Level  # noqa: PLC0415

    failures = sum(finding.level is Level.FAIL for finding in found)
    warnings = sum(finding.level is Level.WARN for finding in found)
    said = words.SUMMARY if failures or warnings else words.ALL_WELL
    screen.note(said.told({"failures": failures, "warnings": warnings}, chinese=screen.chinese))


def _as_object(screen: "Screen", finding: "Finding") -> dict[str, object]:
    fix = finding.fix
    return {
        "check": finding.check,
        "level": finding.level.value,
        "said": finding.said.told(finding.facts, chinese=screen.chinese),
        "fix": None if fix is None else fix.told(finding.facts, chinese=screen.chinese),
        "facts": dict(finding.facts),
    }
