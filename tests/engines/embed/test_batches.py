from hypothesis import given
from hypothesis import strategies as st

from rhapsode.engines.embed.batches import LARGEST_BATCH, batches

TEXTS = st.lists(st.text(min_size=1, max_size=40), max_size=80)


def length(text: str) -> int:
    return len(text.encode()) + 2


@given(texts=TEXTS, context=st.integers(4, 60), slots=st.integers(1, 4))
def test_every_text_is_in_one_batch_in_order_and_no_batch_is_too_large(
    texts: list[str], context: int, slots: int
) -> None:
    cut = list(batches(texts, context=context, slots=slots))
    assert [index for batch in cut for index in batch] == list(range(len(texts)))
    for batch in cut:
        sizes = [length(texts[index]) for index in batch]
        assert 0 < len(sizes) <= LARGEST_BATCH
        assert len(sizes) == 1 or (max(sizes) <= context and sum(sizes) <= slots * context)


def test_short_texts_go_together_and_a_text_that_may_be_too_long_alone() -> None:
    assert list(batches(["a", "b", "c" * 99, "d"], context=16, slots=4)) == [range(2), range(2, 3), range(3, 4)]
