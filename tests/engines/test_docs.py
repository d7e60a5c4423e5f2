"""Every option of every engine has its line in docs/settings.md."""

from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from rhapsode.engines.registry import CHAT, EMBED, SPEECH

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


ABILITIES = {"chat": CHAT, "speech": SPEECH, "embeddings": EMBED}


@pytest.mark.parametrize(
    ("ability", "kind", "place"),
    [(ability, kind, place) for ability, table in ABILITIES.items() for kind, place in table.items()],
)
def test_every_option_is_documented(ability: str, kind: str, place: str) -> None:
    options: type[msgspec.Struct] = import_module(place.partition(":")[0]).Options
    _, _, table = PAGE.partition("## Engines and their options")
    rows = table.partition(f"| `{kind}` | {ability}")[2]
    assert rows, f"no row for {kind}"
    mine = rows.split("\n| `")[0]
    for field in msgspec.structs.fields(options):
        assert f"`{field.name}`" in mine
