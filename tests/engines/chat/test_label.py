"""What counts as telling who speaks."""

import pytest

from rhapsode.engines.chat.label import Labels, core_of

NAMES = ("Ann", "小明", "Dr. Who: the Second", "[Königin]", "\u200bBob", "***", "Anna Lee", "李（掌柜）")
LABELS = Labels(NAMES)


def is_label(text: str, labels: Labels = LABELS) -> bool:
    """Whether the text begins with a label."""
    state = labels.start
    for character in text:
        state = labels.step(state, character)
        if labels.is_label(state):
            return True
    return False


@pytest.mark.parametrize(
    "text",
    [
        "Ann: hi",
        "Ann：hi",
        "Ann : hi",
        "ANN: hi",
        "ann: hi",
        "(Ann) hi",
        "（小明）你好",
        "李（掌柜）：好",
        "“李（掌柜）”：好",
        "**Ann**: hi",
        "**Ann:** hi",
        "*Ann*：hi",
        "### Ann: hi",
        "- Ann: hi",
        "> Ann: hi",
        '"Ann: hi"',
        "\u200bAnn: hi",
        "\n \nAnn: hi",
        "... Ann: hi",
        "[Ann] hi",
        "[Ann]: hi",
        "【小明】你好",
        "<Ann> hi",
        "(Ann): hi",
        "Ann (whispering): hi",
        "小明（笑）：你好",
        "小明 （笑） ：你好",
        "“小明”：你好",
        "小明:",
        "小明说：“你好”",
        "小明回答道：好",
        "Ann said: hi",
        "Ann asks : hi",
        "Ann - hi",
        "Ann – hi",
        "Dr. Who: the Second: hi",
        "Königin: hi",
        "KÖNIGIN: hi",
        "[Königin]: hi",
        "Bob: hi",
        "***: hi",
        "Anna Lee: hi",
    ],
)
def test_a_label(text: str) -> None:
    assert is_label(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ann",
        "Ann is here: look",
        "Ann, listen: I know",
        "Ann (whispering) smiled",
        "Ann (a\nb): hi",
        "Ann's: hi",
        "Anne: hi",
        "An: hi",
        "小明明：你好",
        "李（掌柜），你怎么看？",
        "小明说，“你好”",
        "I say, Ann: hi",
        "1. Ann: hi",
        "Ann-Marie went",
        "Ann—you!",
        "Dr. Who: hi",
        "Note: Ann",
        "Anna: hi",
        "User: root",
    ],
)
def test_no_label(text: str) -> None:
    assert not is_label(text)


def test_without_names_there_are_none() -> None:
    assert not is_label("Ann: hi", Labels(()))
    assert not is_label(": hi", Labels(("",)))


def test_the_beginning_of_a_name_that_is_cut_is_a_label() -> None:
    labels = Labels(("Maximilian", "Max", "Mo"), longest=5)
    assert is_label("Maxim", labels)
    assert is_label("Max: hi", labels)
    assert is_label("Mo: hi", labels)
    assert not is_label("Maxi: hi", labels)


def test_a_name_is_known_without_the_marks_around_it() -> None:
    assert [core_of(name) for name in ("**Ann** ", "（老师）", "\u200bBob:", "：", "Ann (queen)")] == [
        "Ann",
        "老师",
        "Bob",
        "",
        "Ann (queen",
    ]
