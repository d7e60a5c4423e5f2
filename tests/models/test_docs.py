"""The page on models names the catalogue's models, and no others."""

import re
from pathlib import Path

from rhapsode.models.catalogue import models

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def test_the_table_is_the_catalogue() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \| ([^|]+) \|", PAGE.partition("## The catalogue")[2], re.MULTILINE
    )
    words = {"embeddings": ("embed",), "chat": ("chat",), "chat, functions": ("chat", "functions")}
    assert [(name, words[abilities], licence) for name, abilities, licence in rows] == [
        (model.name, model.abilities, model.licence) for model in models()
    ]
