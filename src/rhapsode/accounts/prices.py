"""What a use of a model costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rhapsode.core.usage import Usage

EVERY_OTHER: Final = "*"
"""The name of the price of every model that has none of its own."""

_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Price:
    """Of 1,000 tokens, or characters, in millionths of the currency."""

    prompt: int = 0
    cached: int = 0
    reply: int = 0
    characters: int = 0


def price_of(*, prompt: float, cached: float | None, reply: float, characters: float) -> Price:
    """A price as people write it, in the currency; `cached` absent is as `prompt`."""
    figures = (prompt, prompt if cached is None else cached, reply, characters)
    whole = [round(figure * _MILLION) for figure in figures]
    return Price(prompt=whole[0], cached=whole[1], reply=whole[2], characters=whole[3])


class Prices:
    """Prices by the names of models, in any case of their letters."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = {name.casefold(): price for name, price in prices.items()}
        self._other = self._prices.get(EVERY_OTHER)

    def cost(self, model: str, usage: Usage, /) -> int:
        """In millionths of the currency, rounded to the nearest, and from the middle upwards."""
        price = self._prices.get(model) or self._prices.get(model.casefold()) or self._other
        if price is None:
            return 0
        thousandths = (
            max(0, usage.prompt_tokens - usage.cached_tokens) * price.prompt  # no engine's count credits money
            + usage.cached_tokens * price.cached
            + usage.reply_tokens * price.reply
            + usage.characters * price.characters
        )
        return (thousandths + _THOUSAND // 2) // _THOUSAND
