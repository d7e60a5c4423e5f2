"""Random glyphs as a caller writes them, each with the regular expression that every reply to it must match."""

import random
import re
from dataclasses import dataclass, field

LITERALS = (
    "Name: ", "答案是：", "\n", " ", "  ", "\t", '"', "'", "{", "}. ", "{x} ", "(", ")*", "a|b", "[^]", "\\d+\\", "$^", "、",
    "<|im_end|>", "<|im_start|>user\n", "</s>", "\u2028", "\r\n", "😀", "é", "e\u0301", "\ufeff", "stop=x", "100%", "#", ", ",
    "gen 'a'", "The ", "\n\n- ", "，然后", "root ::= ", "\u200b", "الجواب", "}}",
)  # fmt: skip
WORDS = (
    "yes",
    "no",
    "maybe",
    "是",
    "不是",
    "it's",
    'say "hi"',
    "a b",
    "a",
    "ab",
    "abc",
    "{x}",
    "1+1=2",
    "é",
    "x]",
    "😀",
    "New York",
    "a, b",
)


@dataclass
class Random:
    """`text` is the glyph, `expected` what a whole reply matches; a stopped slot must not match its stop."""

    text: str
    expected: str
    stops: dict[str, str] = field(default_factory=dict[str, str])


def random_glyph(rng: random.Random) -> Random:
    made = Random("", "")
    for number in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.8:
            _literal(rng, made)
        name = f"s{number}" if rng.random() < 0.7 else f"名 {number}"
        rng.choice(KINDS)(rng, made, name, f"s{number}")
    if rng.random() < 0.6:
        _literal(rng, made)
    return made


def _literal(rng: random.Random, made: Random) -> None:
    text = "".join(rng.choice(LITERALS) for _ in range(rng.randint(1, 2)))
    # A brace beside a slot's braces would be the slot's, and two of them would open one.
    text = text.replace("{{", "{").rstrip("{").lstrip("}") or "-"
    made.text += text
    made.expected += re.escape(text)


def _slot(rng: random.Random, made: Random, kind: str, name: str, options: list[str]) -> None:
    if kind == "gen" and rng.random() < 0.5:
        options.append(f"temperature={rng.choice(('0.01', '0.5', '1', '1.0', '.9'))}")
    rng.shuffle(options)
    quote = rng.choice("'\"")
    made.text += "{{" + rng.choice(("", " ")) + " ".join([f"{kind} {quote}{name}{quote}", *options]) + "}}"


def _value(rng: random.Random, text: str) -> str:
    return text if rng.random() < 0.5 else f"'{text}'"


def _group(made: Random, group: str, pattern: str) -> None:
    made.expected += f"(?P<{group}>{pattern})"


def _pattern(rng: random.Random, made: Random, name: str, group: str) -> None:
    pattern = random_pattern(rng)
    _slot(rng, made, "gen", name, [f"pattern={_value(rng, pattern)}"])
    _group(made, group, pattern)


def _select(rng: random.Random, made: Random, name: str, group: str) -> None:
    words = rng.sample(WORDS, rng.randint(1, 5))
    quoted = [f"'{word}'" if '"' in word or rng.random() < 0.5 else f'"{word}"' for word in words]
    options = [f"options=[{rng.choice((',', ', ')).join(quoted)}]"]
    _slot(rng, made, "select", name, options + (["use_regex=false"] if rng.random() < 0.2 else []))
    _group(made, group, "|".join(map(re.escape, words)))


def _select_regex(rng: random.Random, made: Random, name: str, group: str) -> None:
    patterns = [random_pattern(rng) for _ in range(rng.randint(1, 3))]
    listed = ",".join(f"'{pattern}'" for pattern in patterns)
    _slot(rng, made, "select", name, [f"options=[{listed}]", f"use_regex={rng.choice(('True', 'true'))}"])
    _group(made, group, "|".join(patterns))


def _stop(rng: random.Random, made: Random, name: str, group: str) -> None:
    stop = rng.choice((r"\.", r"[,.!?，。]", r"\n", "the|a|，", r"\s", r"[a-z]{3}", "o", r"[^A-Z]"))
    _slot(rng, made, "gen", name, [f"stop={_value(rng, stop)}", "blank_max_tokens=6"])
    _group(made, group, r"[\s\S]*")
    made.stops[name] = stop


def _stopped_pattern(rng: random.Random, made: Random, name: str, group: str) -> None:
    """It may end anywhere, so that no stop is in it."""
    pattern = rng.choice((r"[^\n]{0,40}", r"[\w ,.]{0,30}", ".*", r"(\w|\s){0,20}", "[^。]*"))
    stop = rng.choice((r"\.", r"[,.!?，。]", "the|a|我", r"\s", "(?i)t", r"\b[a-z]{4}\b"))
    limit = [f"blank_max_tokens={rng.randint(1, 8)}"] if rng.random() < 0.5 or pattern[-1] == "*" else []
    _slot(rng, made, "gen", name, [f"pattern={_value(rng, pattern)}", f"stop={_value(rng, stop)}", *limit])
    _group(made, group, pattern)
    made.stops[name] = stop


def _cut_pattern(rng: random.Random, made: Random, name: str, group: str) -> None:
    """Its own limit cuts it: it holds a match, or the beginning of one."""
    pattern, begun = rng.choice((
        ("[a-z]{200}", "[a-z]{1,200}"), (r"\d{4}-\d{2}", r"\d{1,4}|\d{4}-\d{0,2}"), ("(yes|no)!", "y|ye|yes!?|n|no!?"),
        ("(, [A-Z][a-z]+){2,9}", "(, [A-Z][a-z]+)*(,( [A-Z]?)?)?"),
    ))  # fmt: skip
    _slot(rng, made, "gen", name, [f"pattern={_value(rng, pattern)}", f"blank_max_tokens={rng.randint(1, 3)}"])
    _group(made, group, f"{pattern}|{begun}")


def _free(rng: random.Random, made: Random, name: str, group: str) -> None:
    _slot(rng, made, "gen", name, [f"blank_max_tokens={rng.randint(1, 5)}"])
    _group(made, group, r"[\s\S]*")


KINDS = (_pattern, _pattern, _select, _select_regex, _stop, _stopped_pattern, _cut_pattern, _free)


def random_pattern(rng: random.Random) -> str:
    """Of texts of at most some ten characters, without a quotation mark or a blank at its ends."""
    return "".join(_atom(rng, depth=2) for _ in range(rng.randint(1, 3)))


def _atom(rng: random.Random, *, depth: int) -> str:
    kind = rng.randint(0, 9)
    if depth and kind == 0:
        ways = "|".join(
            "".join(_atom(rng, depth=0) for _ in range(rng.randint(1, 2))) for _ in range(rng.randint(1, 3))
        )
        return f"({rng.choice(('', '?:'))}{ways})" + rng.choice(("", "?", "{1,2}"))
    if kind == 1:
        return rng.choice(("yes", "不", "ok", "N/A", "é", r"\.", r"\{", r"\\", "-", "=", "C3PO", r"\u4f60", r"\x41"))
    base = rng.choice((
        "[a-z]", "[A-Z]", r"\d", r"\w", "[0-9a-f]", r"[^\W\d_]", "[一-龥]", ".", r"[^\n,]", r"\S", r"\D", "[-+*/]", r"[\]\\^-]", r"[\w.]", "[^a]",
    ))  # fmt: skip
    return base + rng.choice(("", "", "?", "{2}", "{1,3}", "{0,2}", "{3}", "{1,2}?"))
