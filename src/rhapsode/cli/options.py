"""Options that more than one command has."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The home directory; else RHAPSODE_HOME, else the user's data directory."),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="The server to call; else RHAPSODE_BASE_URL, else MINIMAX_API_HOST, else this machine's own server, else "
        "the engines in this process.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
