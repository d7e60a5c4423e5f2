"""`rhapsode serve`: the server."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rhapsode.cli.options import HomeOption

if TYPE_CHECKING:
    from rhapsode.cli.screen import Screen
    from rhapsode.server.serve import Ready


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Where to listen; else the settings' own, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="0 takes any free one; else the settings' own, else 8765."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=256, help="Processes that take calls; else the settings' own, else 1."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Serve the platform's API on this machine.

    The first start makes a group and a key, and shows them once.
    """
    from rhapsode.cli.fetch import with_models  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415
    from rhapsode.core.errors import EngineMissing  # noqa: PLC0415
    from rhapsode.settings.home import find_home  # noqa: PLC0415

    screen = open_screen()
    try:
        from rhapsode.server.serve import serve as run_server  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise EngineMissing(screen.words.missing_extra.format(missing=error.name)) from error
    place = find_home(home, os.environ)
    with_models(
        screen,
        place,
        lambda: run_server(
            place, host=host, port=port, workers=workers, announce=lambda ready: announce(screen, ready)
        ),
    )


def announce(screen: "Screen", ready: "Ready") -> None:
    """Say that the server listens, and what there is to know."""
    words = screen.words
    screen.write(words.serving.format(base_url=ready.base_url) + "\n")
    if ready.admin_url is not None:
        screen.write(words.serving_administrators.format(base_url=ready.admin_url) + "\n")
    if ready.first_key is not None:
        key = ready.first_key
        screen.write(f"{words.first_key}\n  group_id  {key.group_id}\n  api_key   {key.api_key}\n")
        screen.write(words.key_kept.format(path=ready.credentials_file) + "\n")
    note = _log if ready.json_logs else screen.note
    if ready.missing is not None:
        note(ready.missing)
    if ready.is_exposed:
        note(words.exposed)
    if ready.tells_figures:
        note(words.figures_open.format(base_url=ready.admin_url))
    if not ready.json_logs:
        screen.note(words.how_to_stop)


def _log(text: str) -> None:
    """A remark as an event, where whatever reads standard error takes nothing else."""
    import structlog  # noqa: PLC0415  brings in what help does not wait for

    log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.serve")
    log.warning(text)
