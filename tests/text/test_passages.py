"""A long text in passages: nothing is lost, and what is spoken is the same as at once."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.speech import Pause
from rhapsode.text.passages import PASSAGE, cut_passages
from rhapsode.text.pieces import REST_SENTENCE
from rhapsode.text.sentences import cut

STORY = "".join(f'第{number}章，他走进了房间。She said "hello", then 3.14 times nothing!\n' for number in range(200))


def bare(text: str) -> str:
    return "".join(text.split())


def spoken(script: tuple[str | Pause, ...]) -> list[str | Pause]:
    """The pieces that are spoken and the pauses between, through the passages."""
    heard: list[str | Pause] = []
    for passage in cut_passages(script):
        if passage.pause:
            heard.append(Pause(milliseconds=passage.pause))
        for part in passage.script:
            heard += (
                [part]
                if isinstance(part, Pause)
                else [piece.text for piece in cut(part, continued=passage.rest is not None)]
            )
    return heard


def test_a_story_is_cut_at_its_sentences() -> None:
    passages = list(cut_passages((STORY,)))
    texts = [passage.script for passage in passages]
    assert all(len(script) == 1 for script in texts)
    assert all(PASSAGE <= len(str(script[0])) < 1.5 * PASSAGE for script in texts[:-1])
    assert all(str(script[0]).strip().endswith(("!", "。")) for script in texts)
    assert [passage.rest for passage in passages] == [None] + [REST_SENTENCE] * (len(passages) - 1)
    assert bare("".join(str(script[0]) for script in texts)) == bare(STORY)


def test_a_passage_says_where_it_stands() -> None:
    script = (STORY, Pause(milliseconds=500), "最后一句。", Pause(milliseconds=10), "真的……")
    text = "".join(part for part in script if isinstance(part, str))
    for passage in cut_passages(script):
        own = "".join(part for part in passage.script if isinstance(part, str))
        assert text[passage.begin : passage.begin + len(own)] == own


def test_pauses_stand_where_they_stood_within_passages_and_between() -> None:
    script: list[str | Pause] = []
    for number in range(300):
        script += [f"第{number}句话在这里。", Pause(milliseconds=100 + number)]
    script = script[:-1]
    heard = spoken(tuple(script))
    assert [part for part in heard if isinstance(part, Pause)] == [part for part in script if isinstance(part, Pause)]
    assert "".join(part for part in heard if isinstance(part, str)) == "".join(
        part for part in script if isinstance(part, str)
    )
    passages = list(cut_passages(script))
    assert len(passages) > 5
    assert all(passage.pause and passage.rest == 0 for passage in passages[1:])


def test_the_pieces_are_those_of_the_whole_text() -> None:
    whole = [piece.text for piece in cut(STORY)]
    assert [bare(str(part)) for part in spoken((STORY,))] == [bare(text) for text in whole]


def test_a_text_without_an_end_of_a_sentence_is_cut_all_the_same() -> None:
    passages = list(cut_passages(("他说" * 5000,)))
    assert all(len(str(passage.script[0])) <= 2 * PASSAGE + 40 for passage in passages)
    assert "".join(str(passage.script[0]) for passage in passages) == "他说" * 5000


@pytest.mark.parametrize("text", ["", "…… ！", "   \n "])
def test_nothing_to_speak_is_no_passage(text: str) -> None:
    assert list(cut_passages((text,))) == []


@given(st.lists(st.text(alphabet="他a1 ，。.\n!“", max_size=40), max_size=30))
def test_nothing_is_lost_or_spoken_twice(parts: list[str]) -> None:
    text = "".join(parts)
    joined = "".join(str(part) for passage in cut_passages((text * 20,)) for part in passage.script)
    assert [c for c in joined if c.isalnum()] == [c for c in text * 20 if c.isalnum()]


def test_a_book_takes_time_in_proportion_to_its_length() -> None:
    # A book of a million characters: one that is cut at once would copy its rest at each of a hundred thousand clauses.
    begun = itertools.islice(cut_passages((STORY * 90,)), 3)
    assert len(list(begun)) == 3
