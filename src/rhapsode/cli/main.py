"""`rhapsode`: the commands, and the one place where an error becomes a line and an exit status."""

import sys
from typing import Annotated

import typer

from rhapsode.cli import admin_keys, blends, groups, keys, limits, models, users
from rhapsode.cli.chat import chat
from rhapsode.cli.doctor import doctor
from rhapsode.cli.say import say
from rhapsode.cli.serve import serve
from rhapsode.cli.usage import usage
from rhapsode.cli.voices import voices
from rhapsode.core.errors import RhapsodeError
from rhapsode.version import __version__

FAILED = 1


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,  # they print local variables, and those hold keys
)


def print_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it with the option's value
    """Print the version and end."""
    if wanted:
        typer.echo(f"rhapsode {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Chat in character and speech in a blend of voices, on hardware that you own."""
    del version  # its callback has ended the command


app.command()(serve)
app.command()(chat)
app.command()(say)
app.command()(voices)
app.command()(doctor)
app.command()(usage)
app.add_typer(blends.app, name="blends")
app.add_typer(models.app, name="models")
app.add_typer(groups.app, name="groups")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(admin_keys.app, name="admin-keys")
app.add_typer(limits.app, name="limits")


def run() -> None:
    """Run the command line of this process, and end it.

    An error of ours is one line and status 1; what the parser refuses ends with 2, Ctrl-C with 130.
    """
    try:
        app(prog_name="rhapsode")
    except RhapsodeError as error:
        from rhapsode.cli.tell import tell  # noqa: PLC0415  the errors' classes bring the HTTP client along

        tell(error)
        sys.exit(FAILED)
