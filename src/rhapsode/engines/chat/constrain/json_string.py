"""JSON strings of a pattern or a format, as rules of a grammar.

A pattern is looked for anywhere in the string, as JSON schema has it, unless it is anchored. Characters that a JSON
string must escape are left out of it.
"""

from typing import Final

from rhapsode.engines.chat.constrain.automaton import Automaton
from rhapsode.engines.chat.constrain.characters import ANY, ranges_of, without
from rhapsode.engines.chat.constrain.gbnf import Rules
from rhapsode.engines.chat.constrain.places import Part, Places
from rhapsode.engines.chat.constrain.regex import CannotEnforce, read_regex

_ESCAPED: Final = ranges_of(((0x00, 0x1F), (0x22, 0x22), (0x5C, 0x5C), (0x7F, 0x7F)))
PLAIN: Final = without(ANY, _ESCAPED)
"""the characters that stand in a JSON string as they are"""

_DATE: Final = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"  # the days that every month has
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
FORMATS: Final = {
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}$",
    "date-time": f"^{_DATE}T{_TIME}$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}
"""Those that are enforced. All others describe, as JSON schema has it."""


def string_of(pattern: str, rules: Rules) -> str:
    """An expression of the string with its quotation marks. Raises `CannotEnforce`, `TooLarge`."""
    places = Places()
    begins, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    found = read_regex(pattern, places, leading=begins, trailing=ends)
    around: list[Part] = [] if begins else [_anything(places)]
    whole = places.sequence([*around, found, *([] if ends else [_anything(places)])])
    places.characters = [without(ranges, _ESCAPED) for ranges in places.characters]
    if not all(places.characters):
        raise CannotEnforce("a character that a JSON string must escape")
    return f'"\\"" {Automaton(places, whole).write(rules)} "\\""'


def _anything(places: Places) -> Part:
    return places.repetition(lambda: places.character(PLAIN), 0, None)
