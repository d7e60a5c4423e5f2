"""`rhapsode voices`: the voices that can be asked for."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from rhapsode.cli.options import JsonOption
from rhapsode.core.voice import Voice
from rhapsode.voices.catalogue import load_voices


def voices(
    language: Annotated[
        str | None, typer.Option("--language", metavar="TAG", help="Only voices of this language: zh, yue, en, ja, ...")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the voices.

    Through a pipe, a voice is a line and tabs part its fields.
    """
    from rhapsode.cli.screen import open_screen  # noqa: PLC0415  brings in what help does not wait for
    from rhapsode.cli.table import print_table  # noqa: PLC0415

    known = [voice for voice in load_voices() if language is None or voice.language == language.lower()]
    if not known:
        tags = ", ".join(sorted({voice.language for voice in load_voices()}))
        raise typer.BadParameter(f"no voice speaks it; there are {tags}", param_hint="--language")
    if as_json:
        typer.echo(json.dumps([_as_object(voice) for voice in known], ensure_ascii=False))
        return
    screen = open_screen()
    words = screen.words
    columns = (
        words.voice_id,
        words.voice_name,
        words.voice_language,
        words.voice_gender,
        words.voice_age,
        words.voice_style,
    )
    print_table(screen, columns, _rows(known, chinese=screen.chinese))


def _rows(known: Sequence[Voice], *, chinese: bool) -> list[tuple[str, ...]]:
    return [
        (
            voice.id,
            voice.name_zh if chinese else voice.name_en,
            voice.language,
            voice.gender.value,
            voice.age.value,
            voice.style,
        )
        for voice in known
    ]


def _as_object(voice: Voice) -> dict[str, str]:
    return {
        "id": voice.id,
        "name_zh": voice.name_zh,
        "name_en": voice.name_en,
        "language": voice.language,
        "gender": voice.gender.value,
        "age": voice.age.value,
        "style": voice.style,
    }
