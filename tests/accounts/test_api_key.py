"""A key's shape, and its digest."""

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.accounts.api_key import KeyDigests, is_api_key, new_api_key

KEY = "sk-rh-" + "aB3_-" * 8 + "xyz"


def test_a_new_key_has_the_shape_and_is_new() -> None:
    made = {new_api_key() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"sk-rh-[A-Za-z0-9_-]{43}", key) and is_api_key(key) for key in made)


@pytest.mark.parametrize("text", ["", KEY[:-1], KEY + "a", " " + KEY, KEY + "\n", "sk-xx-" + KEY[6:], KEY[:-1] + "é"])
def test_another_shape_is_no_key(text: str) -> None:
    assert is_api_key(KEY)
    assert not is_api_key(text)


def test_the_digest_is_keyed() -> None:
    digest = KeyDigests(b"one").of(KEY)
    assert digest == hmac.new(b"one", KEY.encode(), hashlib.sha256).digest()
    assert digest != KeyDigests(b"two").of(KEY)


@given(st.integers(0, len(KEY) - 1))
def test_every_character_counts(place: int) -> None:
    other = KEY[:place] + ("a" if KEY[place] != "a" else "b") + KEY[place + 1 :]
    assert KeyDigests(b"s").of(other) != KeyDigests(b"s").of(KEY)
