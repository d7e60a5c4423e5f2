"""A JSON document that closes within its tokens: the structure is given, and the values are written one by one.

What is given costs nothing of the tokens, so that they go where they are wanted. A string that its share cuts ends
behind its last whole word, an array behind its last whole item; what is left when the model's context is full is
filled with the smallest values. The text is indented by two spaces, as JSON mostly was where models have read it.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

import msgspec

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatText, Finish
from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain.continuation import Continuation
from rhapsode.engines.chat.constrain.filling import Filling, Share
from rhapsode.engines.chat.constrain.slot import Slot, match_of

_CHARACTER: Final = r'(?:[^"\\\x00-\x1f\x7f]|\\["\\/nrt])'
_NUMBER: Final = r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?"
_ITEMS: Final = {"string": f'"{_CHARACTER}*"', "number": _NUMBER, "boolean": "(?:true|false)"}
_SMALLEST: Final = {"string": '""', "number": "0", "boolean": "false", "array": "[]"}
_WORD_END: Final = re.compile(r"(?<=[\w’'%)\]])(?=[\s.,;:!?])|(?<=[^\x00-\u2fff])")
"""behind a word, or behind a character of a script that writes without blanks"""
_FULLEST_ARRAY: Final = 1000
"""items of an array of objects or of arrays"""


@dataclass(frozen=True)
class Need:
    """Tokens that a value takes: about so many, and at least so many, where each byte of it is a token."""

    about: int
    least: int

    def __add__(self, other: "Need") -> "Need":
        return Need(self.about + other.about, self.least + other.least)


_NEEDS: Final = {"string": Need(32, 1), "number": Need(8, 2), "boolean": Need(2, 5), "array": Need(64, 0)}

Schema = Mapping[str, object]


def need_of(schema: Schema) -> Need:
    """Of a whole value. Raises `InvalidField` where the schema is none that a glyph can say."""
    kind = schema.get("type")
    if kind == "object":
        return sum(map(need_of, _properties(schema).values()), start=Need(0, 0))
    if kind not in _NEEDS:
        raise InvalidField("", "a document that must close has objects, arrays, strings, numbers and booleans alone")
    return _NEEDS[str(kind)]


def check_schema(schema: Schema, *, max_tokens: int) -> None:
    """Raises `InvalidField` where `max_tokens` are less than the values take at least."""
    least = need_of(schema).least
    if least > max_tokens:
        rule = f"must be at least {least} for this glyph: 1 for each string, 2 for each number, 5 for each boolean"
        raise InvalidField("tokens_to_generate", rule)


async def write_document(schema: Schema, continuation: Continuation, *, max_tokens: int) -> AsyncGenerator[ChatEvent]:
    """The document as one piece. The schema must have passed `check_schema`."""
    writer = _Writer(Filling(continuation, max_tokens=max_tokens))
    await writer.value(schema, Need(0, 0), "")
    yield ChatText(text=writer.text)
    finish = Finish.CONTEXT if writer.filling.full else Finish.STOP
    yield ChatEnd(finish=finish, usage=writer.filling.usage())


class _Writer:
    """`text` is the document so far. `later` is always what the values after the one that is written take."""

    def __init__(self, filling: Filling) -> None:
        self.filling = filling
        self.text = ""

    async def value(self, schema: Schema, later: Need, indent: str) -> None:
        kind = str(schema["type"])
        if kind == "object":
            await self._object(schema, later, indent)
        elif self.filling.full:
            self.text += _SMALLEST[kind]
        elif kind == "array":
            item = cast("Schema", schema["items"])
            if item["type"] in _ITEMS:
                await self._list(str(item["type"]), later, indent)
            else:
                await self._array(item, later, indent)
        elif kind == "string":
            await self._string(later)
        else:
            await self._scalar(kind, later)

    async def _object(self, schema: Schema, later: Need, indent: str) -> None:
        properties = _properties(schema)
        following = list(properties.values())
        inner = f"{indent}  "
        for index, (key, value) in enumerate(properties.items()):
            self.text += f"{',' if index else '{'}\n{inner}{msgspec.json.encode(key).decode()}: "
            del following[0]
            await self.value(value, sum(map(need_of, following), start=later), inner)
        self.text += f"\n{indent}}}" if properties else "{}"

    async def _string(self, later: Need) -> None:
        self.text += '"'
        filled = await self.filling.fill(self.text, _string(), self._share(_NEEDS["string"], later))
        self.text += f'{_to_word_end(filled.text) if filled.cut else filled.text}"'

    async def _scalar(self, kind: str, later: Need) -> None:
        filled = await self.filling.fill(self.text, _scalar(kind), self._share(_NEEDS[kind], later))
        self.text += filled.text if filled.whole else _SMALLEST[kind]

    async def _list(self, kind: str, later: Need, indent: str) -> None:
        """An array of strings, numbers or booleans, in one go."""
        if self.filling.left <= later.least:
            self.text += _SMALLEST["array"]
            return
        self.text += "["
        filled = await self.filling.fill(self.text, _list(kind), self._share(_NEEDS["array"], later))
        items = [bytes(item).decode() for item in _ITEM_DECODER.decode(f"[{filled.text}]")]
        if not items and filled.cut and kind == "string":
            # Not even the first one was whole.
            first = next(reversed([*_string().holds.accepted(filled.came[1:])]), 0)
            items = [f'"{_to_word_end(filled.came[1 : 1 + first])}"'] if first else []
        lines = ",".join(f"\n{indent}  {item}" for item in items)
        self.text += f"{lines}\n{indent}]" if items else "]"

    async def _array(self, item: Schema, later: Need, indent: str) -> None:
        """An array of objects or of arrays: before each, the model says whether there is one."""
        self.text += "["
        need = need_of(item)
        floor = self.filling.left - self._share(_NEEDS["array"], later).fair
        count = 0
        while count < _FULLEST_ARRAY and self.filling.left > floor:
            room = self.filling.left - later.least - need.least
            if room < _DECISION or not await self._goes_on(item, first=not count):
                break
            self.text += f"{',' if count else ''}\n{indent}  "
            await self.value(item, later, f"{indent}  ")
            count += 1
        self.text += f"\n{indent}]" if count else "]"

    async def _goes_on(self, item: Schema, *, first: bool) -> bool:
        if self.filling.full:
            return False
        sign = ("{" if item["type"] == "object" else "[") if first else ","
        share = Share(fair=_DECISION, most=_DECISION)
        filled = await self.filling.fill(self.text, _decision(sign), share)
        return filled.text.endswith(sign)

    def _share(self, need: Need, later: Need) -> Share:
        return self.filling.share(need.about, later=later.about, reserved=later.least)


_DECISION: Final = 8
"""tokens, and more than enough: blanks, and one sign"""
_ITEM_DECODER: Final = msgspec.json.Decoder(list[msgspec.Raw])


@cache
def _string() -> Slot:
    return match_of(f"{_CHARACTER}*", ending='"')


@cache
def _scalar(kind: str) -> Slot:
    return match_of(_NUMBER if kind == "number" else "true|false", ending=r"[\s,\]}]")


@cache
def _list(kind: str) -> Slot:
    item = _ITEMS[kind]
    return match_of(f"(?:{item}(?:, ?{item})*)?", ending=r"\s{0,2}\]")


@cache
def _decision(sign: str) -> Slot:
    return match_of(rf"\s{{0,20}}[{re.escape(sign)}\]]", ending="")


def _to_word_end(text: str) -> str:
    """Without a word that was cut, where that leaves most of the text."""
    ends = [found.end() for found in _WORD_END.finditer(text)]
    return text[: ends[-1]] if ends and ends[-1] * 2 >= len(text) else text


def _properties(schema: Schema) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", schema["properties"])
