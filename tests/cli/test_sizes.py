import pytest

from rhapsode.cli.messages import CHINESE, ENGLISH
from rhapsode.cli.sizes import in_bytes, size_in_words
from rhapsode.models.catalogue import find_entry


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (155_072, "155 kB"),
        (98_362_432, "98 MB"),
        (2_497_280_256, "2.5 GB"),
        (220_000_000_000, "220 GB"),
    ],
)
def test_sizes_are_decimal(size: int, words: str) -> None:
    assert in_bytes(size) == words


def test_a_size_that_the_hub_decides_is_said_to_be_about_that() -> None:
    assert size_in_words(find_entry("qwen3-4b"), ENGLISH) == "2.5 GB"
    assert size_in_words(find_entry("smollm2-360m"), ENGLISH) == "about 386 MB"
    assert size_in_words(find_entry("smollm2-360m"), CHINESE) == "约 386 MB"
