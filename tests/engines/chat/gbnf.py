"""A small matcher of llama.cpp's grammars, written without a look at how ours are made."""

import re
from collections.abc import Callable
from functools import cache

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|\{\d+(?:,\d*)?\}|[()|?*+]')
ESCAPE = re.compile(r"\\(U[0-9A-Fa-f]{8}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)

Match = Callable[[str, int], frozenset[int]]
"""Where a part may end that begins at a place in a text."""


def matcher(grammar: str) -> Callable[[str], bool]:
    """Whether the grammar takes a whole text."""
    bodies = dict(re.split(r"\s*::=\s*", line, maxsplit=1) for line in grammar.splitlines() if line)
    rules: dict[str, Match] = {}

    def rule(name: str) -> Match:
        @cache
        def match(text: str, start: int) -> frozenset[int]:
            if name not in rules:
                rules[name] = _Parser(bodies[name], rule).alternatives()
            return rules[name](text, start)

        return match

    rule_of = cache(rule)
    root = _Parser("root", rule_of).alternatives()
    return lambda text: len(text) in root(text, 0)


class _Parser:
    def __init__(self, body: str, rule: Callable[[str], Match]) -> None:
        self._tokens = TOKEN.findall(body)
        self._rule = rule

    def alternatives(self) -> Match:
        ways = [self._sequence()]
        while self._tokens and self._tokens[0] == "|":
            self._tokens.pop(0)
            ways.append(self._sequence())
        return lambda text, start: frozenset(end for way in ways for end in way(text, start))

    def _sequence(self) -> Match:
        items: list[Match] = []
        while self._tokens and self._tokens[0] not in {"|", ")"}:
            items.append(self._repeated(self._item()))

        def match(text: str, start: int) -> frozenset[int]:
            ends = frozenset({start})
            for item in items:
                ends = frozenset(later for end in ends for later in item(text, end))
            return ends

        return match

    def _item(self) -> Match:
        token = self._tokens.pop(0)
        if token == "(":
            inside = self.alternatives()
            assert self._tokens.pop(0) == ")"
            return inside
        if token[0] == '"':
            words = _unescape(token[1:-1])
            return lambda text, start: frozenset({start + len(words)} if text.startswith(words, start) else ())
        if token[0] == "[":
            one = re.compile(f"[{ESCAPE.sub(_for_re, token[1:-1])}]", re.DOTALL)
            return lambda text, start: frozenset({start + 1} if one.match(text, start) else ())
        return self._rule(token)

    def _repeated(self, item: Match) -> Match:
        bounds = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        if not self._tokens or not (self._tokens[0] in bounds or self._tokens[0][0] == "{"):
            return item
        token = self._tokens.pop(0)
        if token[0] == "{":
            least, comma, most = token[1:-1].partition(",")
            low, high = int(least), (int(most) if most else None) if comma else int(least)
        else:
            low, high = bounds[token]

        def match(text: str, start: int) -> frozenset[int]:
            found: set[int] = {start} if not low else set()
            ends, times = frozenset({start}), 0
            while ends and (high is None or times < high) and times <= len(text) + low:
                ends, times = frozenset(later for end in ends for later in item(text, end)), times + 1
                if times >= low:
                    found |= ends
            return frozenset(found)

        return match


def _unescape(text: str) -> str:
    return ESCAPE.sub(lambda found: _character(found[1]), text)


def _for_re(found: re.Match[str]) -> str:
    return re.escape(_character(found[1]))


def _character(code: str) -> str:
    if code[0] in "Uux" and len(code) > 1:
        return chr(int(code[1:], 16))
    return {"n": "\n", "r": "\r", "t": "\t"}.get(code, code)
