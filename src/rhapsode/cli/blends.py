"""`rhapsode blends`: mixes of voices under a name, to be asked for as if they were voices."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from rhapsode.cli.options import HomeOption, JsonOption
from rhapsode.cli.say import BLEND_LIMIT, read_share
from rhapsode.core.caller import Caller
from rhapsode.core.voice import VoiceShare

if TYPE_CHECKING:
    from rhapsode.cli.screen import Screen
    from rhapsode.voices.book import OwnVoices

app = typer.Typer(help="Save blends of voices under names of their own.", no_args_is_help=True)

GroupOption = Annotated[str, typer.Option("--group", help="Whose blends they are.")]
_BY_HAND = "cli"
"""stands where a key's id does"""


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(help="The blend's id: 8 to 256 letters, digits, - and _.")],
    voices: Annotated[
        list[VoiceShare],
        typer.Argument(parser=read_share, metavar="ID[:WEIGHT]...", help="Up to four voices and their weights."),
    ],
    group: GroupOption = "default",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Save a blend. A running server knows it at once."""
    from rhapsode.dialects.minimax.own_voice_id import require_voice_id  # noqa: PLC0415
    from rhapsode.service.cast import Cast  # noqa: PLC0415
    from rhapsode.service.saved_blend import save_blend  # noqa: PLC0415
    from rhapsode.voices.catalogue import load_voices  # noqa: PLC0415

    if len(voices) > BLEND_LIMIT:
        raise typer.BadParameter(f"at most {BLEND_LIMIT} voices can be blended", param_hint="voices")
    require_voice_id(name)
    with _shelf(home, group) as (shelf, caller, screen):
        cast = Cast(load_voices(), shelf)
        made = anyio.run(partial(save_blend, name, voices, cast=cast, shelf=shelf, caller=caller))
        if as_json:
            typer.echo(json.dumps({"voice_id": made.id}))
        else:
            screen.write(f"{made.id}\n")


@app.command("list")
def list_(group: GroupOption = "default", home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """List the blends of a group."""
    from rhapsode.cli.table import print_table  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.core.voice import OwnKind, SavedBlend  # noqa: PLC0415

    with _shelf(home, group) as (shelf, caller, screen):

        async def blends() -> list[SavedBlend]:
            own = [voice.id for voice in await shelf.list(caller.group_id) if voice.kind is OwnKind.BLENDED]
            found = [await shelf.find(caller.group_id, voice_id) for voice_id in own]
            return [blend for blend in found if isinstance(blend, SavedBlend)]

        known = anyio.run(blends)
    if as_json:
        rows = [{"voice_id": b.id, "shares": {share.voice_id: share.weight for share in b.shares}} for b in known]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    elif known:
        made_of = [" ".join(f"{share.voice_id}:{share.weight:g}" for share in blend.shares) for blend in known]
        columns = (screen.words.voice_id, screen.words.blend_made_of)
        print_table(screen, columns, [(blend.id, parts) for blend, parts in zip(known, made_of, strict=True)])
    else:
        screen.note(screen.words.no_blends)


@app.command("rm")
def remove(
    name: Annotated[str, typer.Argument(help="The blend's id.")],
    group: GroupOption = "default",
    home: HomeOption = None,
) -> None:
    """Forget a blend."""
    from rhapsode.core.errors import UnknownVoice  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.core.voice import OwnKind  # noqa: PLC0415

    with _shelf(home, group) as (shelf, caller, screen):
        if anyio.run(shelf.delete, caller.group_id, name, OwnKind.BLENDED) is None:
            raise UnknownVoice("name", name)
        screen.write(screen.words.blend_is_gone.format(name=name) + "\n")


@contextmanager
def _shelf(option: Path | None, group: str) -> Generator[tuple["OwnVoices", Caller, "Screen"]]:
    """The voices of a group of a home. Raises `InvalidField` for an unknown group, and as `open_accounts` does."""
    from rhapsode.cli.accounts import open_accounts  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.voices.book import OwnVoices  # noqa: PLC0415

    with open_accounts(option) as opened:
        caller = Caller(group_id=opened.accounts.group_id(group), key_id=_BY_HAND)
        yield OwnVoices(opened.database), caller, opened.screen
