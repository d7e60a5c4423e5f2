"""Function calls as a model writes them by `call_grammar`, as events: the name, then the arguments in pieces."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from rhapsode.core.chat import ChatCall, ChatText
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.reader import TextReader
from rhapsode.engines.chat.stops import Stops
from rhapsode.engines.chat.tools import CALL_TAG

_BEFORE_ARGUMENTS: Final = ', "arguments": '


class CallReader:
    """A reply that is text, calls, or both. Its text ends before the first of `stops`; calls are not looked at."""

    def __init__(self, labels: Labels, stops: Sequence[str] = ()) -> None:
        self._text = TextReader(labels)
        self._stops = Stops(stops)
        self._held = ""
        self._index = -1
        self._arguments: _Arguments | None = None
        self._has_called = False

    @property
    def begun(self) -> bool:
        """Of the protocol."""
        return self._text.begun or self._has_called

    @property
    def done(self) -> bool:
        """Of the protocol."""
        return self._text.done or self._stops.done

    def feed(self, piece: str) -> Iterator[ChatText | ChatCall]:
        """Of the protocol."""
        self._held += piece
        if self._index < 0:
            yield from self._read_text()
        while self._index >= 0 and self._held and not self.done:
            before = self._held
            yield from self._read_call()
            if self._held == before:
                return

    def finish(self) -> Iterator[ChatText | ChatCall]:
        """Of the protocol. A reply that is the tag's beginning and no more is a call that a limit cut, and no text."""
        if self._index < 0:
            is_cut = len(self._held) > 1 and not self._text.begun
            yield from self._say("" if is_cut else self._held, last=True)

    def _read_text(self) -> Iterator[ChatText | ChatCall]:
        text, tag, rest = self._held.partition(CALL_TAG)
        if tag:
            self._index, self._held = 0, rest
            yield from self._say(text, last=True)
        else:
            kept = next((size for size in range(len(CALL_TAG) - 1, 0, -1) if text.endswith(CALL_TAG[:size])), 0)
            self._held = text[len(text) - kept :]
            yield from self._say(text[: len(text) - kept])

    def _say(self, text: str, *, last: bool = False) -> Iterator[ChatText | ChatCall]:
        said = self._stops.feed(text)
        yield from self._text.feed(said + self._stops.finish() if last else said)
        if last or self._stops.done:
            yield from self._text.finish()

    def _read_call(self) -> Iterator[ChatText | ChatCall]:
        if self._arguments is None:
            head, found, rest = self._held.partition(_BEFORE_ARGUMENTS)
            if found:
                self._held, self._arguments, self._has_called = rest, _Arguments(), True
                name = msgspec.json.decode(f"{head[head.index('{') :]}}}", type=dict[str, str])["name"]
                yield ChatCall(index=self._index, name=name)
        elif not self._arguments.whole:
            arguments, self._held = self._arguments.take(self._held)
            if arguments:
                yield ChatCall(index=self._index, arguments=arguments)
        else:
            _, tag, rest = self._held.partition(CALL_TAG)
            if tag:
                self._index, self._held, self._arguments = self._index + 1, rest, None


class _Arguments:
    """Where a JSON object ends."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = self._is_escaped = False
        self.whole = False

    def take(self, text: str) -> tuple[str, str]:
        """What of a text belongs to the object, and the rest."""
        for place, character in enumerate(text):
            self._follow(character)
            if self.whole:
                return text[: place + 1], text[place + 1 :]
        return text, ""

    def _follow(self, character: str) -> None:
        if self._is_escaped:
            self._is_escaped = False
        elif self._in_string:
            self._is_escaped = character == "\\"
            self._in_string = character != '"'
        elif character == '"':
            self._in_string = True
        elif character in "{[":
            self._depth += 1
        elif character in "}]":
            self._depth -= 1
            self.whole = not self._depth
