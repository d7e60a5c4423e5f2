"""The notation of llama.cpp's grammars (GBNF): texts, classes of characters, repetitions, and lists of rules.

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md. vLLM's guided decoding reads the same.
"""

from typing import Final

from rhapsode.engines.chat.constrain.characters import Ranges

_CHUNK: Final = 100
"""A repetition becomes a rule for each time, so that a long one is written as repetitions of this many."""

MOST_TIMES: Final = _CHUNK * _CHUNK
"""how often a thing may be repeated, where a number says how often"""


class Rules:
    """The rules of a grammar, under names that begin alike, so that the grammar can be part of a bigger one."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._known: dict[str, str] = {}
        self._bodies: dict[str, str] = {}

    def reserve(self) -> str:
        """A name for a rule that is to be written later."""
        name = f"{self._prefix}-{len(self._bodies)}"
        self._bodies[name] = ""
        return name

    def write(self, name: str, body: str) -> None:
        """The rule of a reserved name, or one under a name of the caller's."""
        self._bodies[name] = body

    def add(self, body: str) -> str:
        """The name of a rule with this body; the same for the same body."""
        if body not in self._known:
            self._known[body] = self.reserve()
            self.write(self._known[body], body)
        return self._known[body]

    def __len__(self) -> int:
        return len(self._bodies)

    def text(self) -> str:
        """All rules, one a line."""
        return "".join(f"{name} ::= {body}\n" for name, body in self._bodies.items())

    def repeated(self, item: str, least: int, most: int | None) -> str:
        """`item`, the name of a rule, that many times in a row; without an end where `most` is None.

        Neither number may be above `MOST_TIMES`.
        """
        if most is None:
            return f"{self._exactly(item, least)} {item}*".strip()
        return f"{self._exactly(item, least)} {self._up_to(item, most - least)}".strip()

    def _exactly(self, item: str, times: int) -> str:
        chunks, rest = divmod(times, _CHUNK)
        parts = [f"{self._chunk(item)}{{{chunks}}}"] if chunks else []
        return " ".join([*parts, f"{item}{{{rest}}}"] if rest else parts)

    def _up_to(self, item: str, times: int) -> str:
        chunks, rest = divmod(times, _CHUNK)
        if not chunks:
            return f"{item}{{0,{rest}}}" if rest else ""
        # Fewer than the whole chunks, or all of them and a part of the rest.
        chunk = self._chunk(item)
        all_of_them = f"{chunk}{{{chunks}}} {item}{{0,{rest}}}" if rest else f"{chunk}{{{chunks}}}"
        fewer = f"{chunk}{{0,{chunks - 1}}} {item}{{0,{_CHUNK - 1}}}" if chunks > 1 else f"{item}{{0,{_CHUNK - 1}}}"
        return f"({fewer} | {all_of_them})"

    def _chunk(self, item: str) -> str:
        return self.add(f"{item}{{{_CHUNK}}}")


def quote(text: str) -> str:
    """A text as it is."""
    return f'"{"".join(map(_literal, text))}"'


def characters(ranges: Ranges) -> str:
    """One character of a set, which must not be empty."""
    return f"[{''.join(_escape(low) if low == high else f'{_escape(low)}-{_escape(high)}' for low, high in ranges)}]"


def _literal(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else _escape(ord(character))


def _escape(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\U{code:08X}"
