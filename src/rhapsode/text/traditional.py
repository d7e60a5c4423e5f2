"""Traditional characters as simplified ones, one for one, so that one set of rules reads both."""

from importlib import import_module
from typing import Final, Protocol, cast


class _Converter(Protocol):
    """Of OpenCC."""

    def convert(self, text: str) -> str: ...


class _OpenCC(Protocol):
    """What the untyped package offers."""

    def OpenCC(self, config: str) -> _Converter: ...  # noqa: N802 - its name


# The one for Taiwan knows more: 看著 is 看着, and 著名 stays. It looks at words: 乾淨 is 干净, and 乾坤 stays.
_CONVERTER: Final = cast("_OpenCC", import_module("opencc")).OpenCC("tw2s")


def simplified(text: str) -> str:
    """As long as `text`."""
    converted = _CONVERTER.convert(text)
    if len(converted) == len(text):
        return converted
    return "".join(one if len(one := _CONVERTER.convert(character)) == 1 else character for character in text)
