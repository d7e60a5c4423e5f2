from dataclasses import asdict
from string import Formatter

import pytest

from rhapsode.cli.messages import CHINESE, ENGLISH, messages_for


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", asdict(ENGLISH))
def test_both_languages_say_the_same_with_the_same_figures(key: str) -> None:
    english, chinese = asdict(ENGLISH)[key], asdict(CHINESE)[key]
    assert placeholders(english) == placeholders(chinese)
    assert english
    assert chinese


@pytest.mark.parametrize(
    ("environ", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_TW"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, False),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_GB"}, True),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({}, False),
    ],
)
def test_the_locale_chooses(environ: dict[str, str], chinese: bool) -> None:  # noqa: FBT001  a table's column
    assert (messages_for(environ) is CHINESE) is chinese
