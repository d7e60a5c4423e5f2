"""Every voice that can be asked for, read from the tables beside this file."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import cast

from rhapsode.core.voice import Age, Gender, Timbre, Voice
from rhapsode.voices.rule import RANGES, make_timbre

_Row = Mapping[str, object]


@cache
def load_voices() -> tuple[Voice, ...]:
    """The voices in the order of their tables. Raises `ValueError` that names the voice and the rule it breaks."""
    directory = files("rhapsode.voices") / "tables"
    tables = sorted((file for file in directory.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(voice for table in tables for voice in read_voices(table.read_text(encoding="utf-8")))


def read_voices(toml: str) -> list[Voice]:
    """The voices of one table.

    The table names its `language`, and lists `voices`: id, name_zh, name_en, gender, age and style, which are words
    with commas between. A row with a `timbre` has that one; any other the rule's, for the id and its `draw`, which is
    there where the first draw came too near to another voice.
    """
    table = tomllib.loads(toml)
    language = str(table["language"])
    return [_voice(row, language) for row in cast("list[_Row]", table["voices"])]


def _voice(row: _Row, language: str) -> Voice:
    name = str(row.get("id", "a voice without id"))
    try:
        words = {key: str(row[key]) for key in ("id", "name_zh", "name_en", "style")}
        gender, age = Gender(row["gender"]), Age(row["age"])
        if "timbre" in row:
            timbre = _timbre(cast("Mapping[str, float]", row["timbre"]))
        else:
            seed = f"{words['id']} {row.get('draw', 0)}"
            timbre = make_timbre(gender, age, words["style"].split(", "), seed=seed)
        return Voice(**words, language=language, gender=gender, age=age, timbre=timbre)
    except KeyError as missing:
        raise ValueError(f"{name}: {missing.args[0]} is missing") from missing
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from wrong


def _timbre(figures: Mapping[str, float]) -> Timbre:
    for key, figure in figures.items():
        if key not in RANGES:
            raise ValueError(f"timbre.{key} is no axis of a timbre")
        low, high = RANGES[key]
        if not low <= figure <= high:
            raise ValueError(f"timbre.{key} must be from {low} to {high}, not {figure}")
    return Timbre(**{key: float(figure) for key, figure in figures.items()})
