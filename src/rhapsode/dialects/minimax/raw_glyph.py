"""raw_glyph: a text with slots, `{{gen 'name' stop=...}}` and `{{select 'name' options=['a','b']}}`.

Text outside the slots is literal. A slot ends at the last `}}` of a run of closing braces, so that a value may end in
one; a closing brace that no value can hold is literal text after the slot. The value of an option runs to the next
` name=`. One that begins and ends with the same quotation mark is what stands between them; all others are taken as
they stand, without the blanks around them. Nothing is escaped.
"""

import re
from collections.abc import Callable, Iterator
from itertools import takewhile, zip_longest
from typing import Final, TypeVar

from rhapsode.core.constraint import Gen, Glyph, Literal, Select
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.json_body import require

MOST_SLOTS: Final = 128
"""of one glyph: each is a completion of its own"""

LONGEST_SLOT: Final = 8192
"""characters of one slot, its braces not counted"""

_HEAD: Final = re.compile(r"\s*(\w*)\s*(?:'([^']*)'|\"([^\"]*)\")?(?=\s|\}|$)\s*", re.DOTALL)
_OPTION: Final = re.compile(r"(?:^|(?<=\s))([A-Za-z_]\w*)=")
_ITEM: Final = re.compile(r"""\s*(?:'(.*?)'|"(.*?)")\s*(?=,|$)""", re.DOTALL)
_TOKENS: Final = re.compile(r"[0-9]{1,9}")
_OPTIONS: Final = {"gen": ("stop", "pattern", "temperature", "blank_max_tokens"), "select": ("options", "use_regex")}

Part = Literal | Gen | Select


def read_raw(text: str, *, field: str) -> Glyph:
    """The parts of a raw glyph. Raises `InvalidField`."""
    require(text, field, "must not be empty where the type is raw")
    parts: list[Part] = []
    names: set[str] = set()
    for part in _parts(text, field):
        if isinstance(part, Literal):
            if parts and isinstance(before := parts[-1], Literal):
                part = Literal(text=before.text + part.text)  # noqa: PLW2901 - neighbours as one
                parts.pop()
        else:
            require(part.name not in names, field, f"two slots must not have one name: {part.name!r}")
            names.add(part.name)
            require(len(names) <= MOST_SLOTS, field, f"a glyph must not have more than {MOST_SLOTS} slots")
        parts.append(part)
    return Glyph(parts=tuple(parts))


def _parts(text: str, field: str) -> Iterator[Part]:
    start = 0
    while (opened := text.find("{{", start)) >= 0:
        # The last two of a run of opening braces: those before are literal.
        opened += len(list(takewhile("{".__eq__, text[opened + 2 : opened + 2 + LONGEST_SLOT])))
        place = f"the slot at character {opened}"
        closed = text.find("}}", opened)
        require(closed >= 0, field, f"{place}: has no end: it must end in }}}}")
        require(closed - opened <= LONGEST_SLOT, field, f"{place}: must not be longer than {LONGEST_SLOT} characters")
        closed += len(list(takewhile("}".__eq__, text[closed + 2 : closed + 2 + LONGEST_SLOT])))
        slot = _Slot(text[opened + 2 : closed], place, field)
        if opened > start:
            yield Literal(text=text[start:opened])
        yield slot.read()
        if slot.braces:
            yield Literal(text=slot.braces)
        start = closed + 2
    if start < len(text):
        yield Literal(text=text[start:])


class _Slot:
    """What stands between the braces of a slot. `braces` are closing ones at its end that are no part of it."""

    def __init__(self, inside: str, place: str, field: str) -> None:
        self.braces = ""
        self._place = place
        self._field = field
        head = _HEAD.match(inside)
        kind = head[1] if head else ""
        self._require(kind in _OPTIONS, f"must begin with gen or select, not with {kind[:40]!r}")
        name = head and (head[2] or head[3])
        self._require(name, "needs a name in quotation marks, such as 'answer'")
        self._kind = kind
        self._name = name or ""
        self._values = self._read_options(inside[head.end() if head else 0 :])

    def read(self) -> Gen | Select:
        if self._kind == "select":
            listed = self._value("options", self._list)
            self._require(listed, "needs options, such as options=['yes','no']")
            return Select(
                name=self._name, options=listed or (), is_regex=bool(self._value("use_regex", self._true_or_false))
            )
        return Gen(
            name=self._name,
            stop=self._value("stop", str) or "",
            pattern=self._value("pattern", str) or "",
            temperature=self._value("temperature", self._temperature),
            max_tokens=self._value("blank_max_tokens", self._tokens),
        )

    def _value(self, option: str, read: "Callable[[str], _T]") -> "_T | None":
        return read(self._values[option]) if option in self._values else None

    def _read_options(self, text: str) -> dict[str, str]:
        marks = list(self._marks(text))
        rest = text[: marks[0].start()] if marks else text
        if not marks and not rest.strip("} "):
            self.braces, rest = rest.strip(), ""
        self._require(not rest.strip(), f"holds what is no option: {rest.strip()[:40]!r}")
        values: dict[str, str] = {}
        for mark, following in zip_longest(marks, marks[1:]):
            option, value = mark[1], text[mark.end() : following.start() if following else len(text)].strip()
            self._require(option in _OPTIONS[self._kind], f"has an unknown option: {option[:40]!r}")
            self._require(option not in values, f"has the option {option} twice")
            if following is None:
                value = self._without_braces(option, value)
            values[option] = _unquoted(value) if option != "options" else value
            self._require(values[option], f"the value of {option} must not be empty")
        return values

    def _marks(self, text: str) -> Iterator[re.Match[str]]:
        """Where options begin. Inside of quotation marks or a list, only an option of this kind of slot does."""
        begun = 0
        for mark in _OPTION.finditer(text):
            value = text[begun : mark.start()].rstrip()
            inside = value[:1] in {"'", '"', "["} and not _is_closed(value)
            if mark[1] in _OPTIONS[self._kind] or not inside:
                begun = mark.end()
                yield mark

    def _without_braces(self, option: str, value: str) -> str:
        """The last value, without closing braces that it cannot hold."""
        bare = value.rstrip("}")
        if option in {"stop", "pattern"} and not (len(bare) > 1 and bare[0] in "'\"" and _is_closed(bare)):
            return value
        self.braces = value[len(bare) :]
        return bare

    def _list(self, value: str) -> tuple[str, ...]:
        example = "the value of options must be a list such as ['yes','no']"
        self._require(value[0] == "[" and value[-1] == "]" and len(value) > 1, example)
        inside, position, items = value[1:-1], 0, list[str]()
        while position < len(inside):
            found = _ITEM.match(inside, position)
            if found is None:
                raise InvalidField(self._field, f"{self._place}: {example}, each option in quotation marks")
            items.append(found[1] if found[1] is not None else found[2])
            position = found.end() + 1
        self._require(items and all(items), "options must not be empty")
        return tuple(dict.fromkeys(items))

    def _true_or_false(self, value: str) -> bool:
        self._require(value.lower() in {"true", "false"}, "the value of use_regex must be true or false")
        return value.lower() == "true"

    def _temperature(self, value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        self._require(0 < number <= 1, "the value of temperature must be a number above 0 and at most 1")
        return number

    def _tokens(self, value: str) -> int:
        good = _TOKENS.fullmatch(value) and int(value) > 0
        self._require(good, "the value of blank_max_tokens must be a whole number above 0, of at most 9 digits")
        return int(value)

    def _require(self, condition: object, rule: str) -> None:
        require(condition, self._field, f"{self._place}: {rule}")


_T = TypeVar("_T")


def _is_closed(value: str) -> bool:
    """Whether what begins with a quotation mark or a bracket ends with its like."""
    return len(value) > 1 and value[-1] == {"[": "]"}.get(value[0], value[0])


def _unquoted(value: str) -> str:
    return value[1:-1] if value[:1] in {"'", '"'} and _is_closed(value) else value


def write_raw(glyph: Glyph, *, field: str) -> str:
    """The text that `read_raw` reads as `glyph`. Raises `InvalidField` where there is none: nothing can be escaped."""
    text = "".join(map(_written, glyph.parts))
    try:
        same = read_raw(text, field=field) == glyph
    except InvalidField:
        same = False
    require(same, field, "holds what cannot be written as a raw glyph")
    return text


def _written(part: Part) -> str:
    if isinstance(part, Literal):
        return part.text
    words = ["select" if isinstance(part, Select) else "gen", _quoted(part.name)]
    if isinstance(part, Select):
        words.append(f"options=[{','.join(map(_quoted, part.options))}]")
        words += ["use_regex=true"] if part.is_regex else []
    else:
        words += [f"stop={_quoted(part.stop)}"] if part.stop else []
        words += [f"pattern={_quoted(part.pattern)}"] if part.pattern else []
        words += [f"temperature={part.temperature}"] if part.temperature is not None else []
        words += [f"blank_max_tokens={part.max_tokens}"] if part.max_tokens is not None else []
    return f"{{{{{' '.join(words)}}}}}"


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"
