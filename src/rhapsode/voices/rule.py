"""The rule that makes a timbre of a description: gender, age and style. `rule.toml` holds its figures."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, cast

from rhapsode.core.voice import Age, Gender, Timbre

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "pitch": (60, 400),
    "pitch_range": (0.1, 2),
    "tract": (0.7, 1.3),
    "tilt": (-6, 6),
    "breath": (0, 1),
    "pace": (0.7, 1.4),
}
"""as `Timbre` gives them"""

_Row = Mapping[str, float]


def make_timbre(gender: Gender, age: Age, styles: Iterable[str], *, seed: str) -> Timbre:
    """What gender and age sound like, moved by every style in turn, and a little by the hash of `seed`.

    Raises `ValueError` that names a style which the rule does not know.
    """
    rule = _rule()
    axes = {"pitch_range": 1.0, "tilt": 0.0, "breath": 0.0, "pace": 1.0, **rule.base[gender.value][age.value]}
    semitones = 0.0
    for style in styles:
        if style not in rule.styles:
            raise ValueError(f"style {style!r} is none of the rule's")
        row = rule.styles[style]
        semitones += row.get("pitch", 0.0)
        for axis in ("tract", "pitch_range", "pace"):
            axes[axis] *= row.get(axis, 1.0)
        for axis in ("tilt", "breath"):
            axes[axis] += row.get(axis, 0.0)
    chance = hashlib.sha256(seed.encode()).digest()
    by_chance = {axis: most * (2 * chance[place] / 255 - 1) for place, (axis, most) in enumerate(rule.spread.items())}
    axes["pitch"] *= 2 ** ((semitones + by_chance["pitch"]) / 12)
    axes["tract"] *= 1 + by_chance["tract"] / 100
    axes["tilt"] += by_chance["tilt"]
    return Timbre(
        **{axis: round(min(max(figure, RANGES[axis][0]), RANGES[axis][1]), 3) for axis, figure in axes.items()}
    )


def style_words() -> Mapping[str, tuple[str, ...]]:
    """Every style, and the words by which people ask for it, Chinese and English, in lower case."""
    return _rule().words


class _Rule:
    def __init__(self, table: Mapping[str, Mapping[str, Mapping[str, object]]]) -> None:
        self.base = cast("Mapping[str, Mapping[str, _Row]]", table["base"])
        self.spread = cast("_Row", table["spread"])
        styles = table["style"]
        self.words = {name: tuple(cast("list[str]", row["words"])) for name, row in styles.items()}
        self.styles = {
            name: {axis: cast("float", figure) for axis, figure in row.items() if axis != "words"}
            for name, row in styles.items()
        }


@cache
def _rule() -> _Rule:
    text = (files("rhapsode.voices") / "rule.toml").read_text(encoding="utf-8")
    return _Rule(cast("Mapping[str, Mapping[str, Mapping[str, object]]]", tomllib.loads(text)))
