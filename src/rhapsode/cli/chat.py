"""`rhapsode chat`: talk to characters at a prompt, or line by line through a pipe."""

from typing import Annotated

import typer

from rhapsode.cli.options import BaseUrlOption, HomeOption
from rhapsode.core.chat import Bot


def read_bot(text: str) -> Bot:
    """A bot out of `NAME=DESCRIPTION`."""
    name, equals, description = text.partition("=")
    if not (equals and name.strip() and description.strip()):
        raise typer.BadParameter("must be NAME=DESCRIPTION, with something on both sides")
    return Bot(name=name.strip(), description=description.strip())


def chat(
    bots: Annotated[
        list[Bot] | None,
        typer.Option(
            "--bot",
            parser=read_bot,
            metavar="NAME=DESCRIPTION",
            help="A character; may be given several times. The first replies, unless a line begins with @NAME.",
        ),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Your name in the conversation.")] = None,
    model: Annotated[str, typer.Option("--model", help="The model that replies.")] = "abab5.5-chat",
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Where a reply is cut.")] = 1024,
    base_url: BaseUrlOption = None,
    home: HomeOption = None,
) -> None:
    """Talk to characters.

    Ctrl-C stops a reply, Ctrl-D leaves. Through a pipe, each line is a turn and each reply is a line.
    """
    from rhapsode.cli.talk import run_chat  # noqa: PLC0415  brings in what help does not wait for

    run_chat(bots=bots or [], user=user, model=model, max_tokens=max_tokens, base_url=base_url, home=home)
