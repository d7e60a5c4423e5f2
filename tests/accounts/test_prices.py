"""What a use of a model costs."""

import pytest

from rhapsode.accounts.prices import Price, Prices, price_of
from rhapsode.core.usage import Usage

CHAT = price_of(prompt=0.001, cached=0.0001, reply=0.002, characters=0)
SPEECH = price_of(prompt=0, cached=None, reply=0, characters=0.35)


def test_a_price_is_of_a_thousand() -> None:
    prices = Prices({"abab6.5s-chat": CHAT, "speech-01": SPEECH})
    assert prices.cost("abab6.5s-chat", Usage(prompt_tokens=1000, reply_tokens=1000)) == 3000
    assert prices.cost("abab6.5s-chat", Usage(prompt_tokens=1000, cached_tokens=400)) == 600 + 40
    assert prices.cost("speech-01", Usage(characters=1000)) == 350_000


def test_more_known_tokens_than_a_prompt_has_credit_no_money() -> None:
    assert Prices({"*": CHAT}).cost("any", Usage(prompt_tokens=5, cached_tokens=1000)) == 100


def test_known_tokens_cost_what_others_do_where_they_have_no_price() -> None:
    assert price_of(prompt=0.5, cached=None, reply=0, characters=0).cached == 500_000
    assert price_of(prompt=0.5, cached=0, reply=0, characters=0).cached == 0


@pytest.mark.parametrize(
    ("price", "tokens", "cost"),
    [(1, 499, 0), (1, 500, 1), (1, 1499, 1), (1, 1500, 2), (3, 500, 2), (999, 1, 1), (10**9, 10**9, 10**15)],
)
def test_a_cost_is_rounded_once_to_the_nearest_and_from_the_middle_upwards(price: int, tokens: int, cost: int) -> None:
    assert Prices({"*": Price(reply=price)}).cost("any", Usage(reply_tokens=tokens)) == cost


def test_a_model_has_its_own_price_else_that_of_every_other_else_none() -> None:
    use = Usage(characters=1000, reply_tokens=1000)
    prices = Prices({"Speech-01": SPEECH, "*": CHAT})
    assert prices.cost("speech-01", use) == 350_000
    assert prices.cost("SPEECH-01", use) == 350_000
    assert prices.cost("another", use) == 2000
    assert Prices({"speech-01": SPEECH}).cost("another", use) == 0


def test_a_model_that_is_free_is_not_one_without_a_price() -> None:
    assert Prices({"free": Price(), "*": CHAT}).cost("free", Usage(reply_tokens=1000)) == 0
