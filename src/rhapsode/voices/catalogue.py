"""Every voice that can be asked for, read from the tables beside this file."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import cast

from rhapsode.core.voice import Age, Gender, Timbre, Voice

_RANGES: Mapping[str, tuple[float, float]] = {
    "pitch": (60, 400),
    "pitch_range": (0.5, 2),
    "tract": (0.7, 1.3),
    "tilt": (-6, 6),
    "breath": (0, 1),
    "pace": (0.7, 1.4),
}
"""as `Timbre` gives them"""


def load_voices() -> tuple[Voice, ...]:
    """The voices in the order of their tables. Raises `ValueError` that names the voice and the rule it breaks."""
    tables = sorted(
        (file for file in files("rhapsode.voices").iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
    )
    return tuple(voice for table in tables for voice in read_voices(table.read_text(encoding="utf-8")))


def read_voices(toml: str) -> list[Voice]:
    """The voices of one table."""
    return [_voice(row) for row in cast("list[Mapping[str, object]]", tomllib.loads(toml).get("voice", []))]


def _voice(row: Mapping[str, object]) -> Voice:
    name = str(row.get("id", "a voice without id"))
    try:
        words = {key: str(row[key]) for key in ("id", "name_zh", "name_en", "language", "style")}
        timbre = _timbre(cast("Mapping[str, float]", row["timbre"]))
        return Voice(**words, gender=Gender(row["gender"]), age=Age(row["age"]), timbre=timbre)
    except KeyError as missing:
        raise ValueError(f"{name}: {missing.args[0]} is missing") from missing
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from wrong


def _timbre(figures: Mapping[str, float]) -> Timbre:
    for key, figure in figures.items():
        if key not in _RANGES:
            raise ValueError(f"timbre.{key} is no axis of a timbre")
        low, high = _RANGES[key]
        if not low <= figure <= high:
            raise ValueError(f"timbre.{key} must be from {low} to {high}, not {figure}")
    return Timbre(**{key: float(figure) for key, figure in figures.items()})
