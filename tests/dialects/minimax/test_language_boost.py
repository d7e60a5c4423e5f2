"""The platform's names of languages."""

import pytest

from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.dialects.minimax.language_boost import LANGUAGES, read_language, write_language


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Chinese", "zh"),
        ("Chinese,Yue", "yue"),
        ("chinese, yue", "yue"),
        ("English", "en"),
        ("JAPANESE", "ja"),
        ("auto", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_a_language(name: str | None, language: str | None) -> None:
    assert read_language(name, "language_boost") == language


@pytest.mark.parametrize("name", ["Klingon", "zh", "Chinese,", "Chinese,Wu"])
def test_an_unknown_name_is_refused_by_its_field(name: str) -> None:
    with pytest.raises(InvalidField, match=r"^voice.language_boost: unknown language"):
        read_language(name, "voice.language_boost")


def test_what_nobody_here_speaks_is_refused_as_such() -> None:
    with pytest.raises(NotSupported, match="Filipino"):
        read_language("Filipino", "language_boost")


@pytest.mark.parametrize("name", LANGUAGES)
def test_names_are_written_as_they_are_read(name: str) -> None:
    written = write_language(read_language(name, "language_boost"))
    assert written == ("Norwegian" if name == "Nynorsk" else name)
