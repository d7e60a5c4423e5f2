"""Server-sent events as the platform frames them: one line `data: {json}`, then an empty line, and nothing else.

No comments, no `event:` lines, no `[DONE]`: clients in use decode every other non-empty line as JSON.
"""

from collections.abc import Iterator

CONTENT_TYPE = "text/event-stream"


_BREAKS = ((b"\xc2\x85", b"\\u0085"), (b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


def on_one_line(data: bytes) -> bytes:
    """JSON with those characters escaped that end a line for some clients and not for others (httpx: `iter_lines`)."""
    if b"\xc2\x85" in data or b"\xe2\x80" in data:
        for character, escaped in _BREAKS:
            data = data.replace(character, escaped)
    return data


def frame(data: bytes) -> bytes:
    """One event. `data` is JSON on one line."""
    return b"data: " + on_one_line(data) + b"\n\n"


class EventReader:
    r"""Cuts a byte stream into the data of its events, wherever the network cut it.

    Lenient, because servers differ: `data:` without the blank, `\r\n`, several `data:` lines an event, a last line
    without an end; comments and other fields are skipped.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """of a line that has no end yet"""
        self._lines: list[bytes] = []

    def feed(self, block: bytes) -> Iterator[bytes]:
        """The data of every event that `block` completes."""
        if b"\n" not in block:
            self._rest.append(block)  # a long line is put together once
            return
        if self._rest:
            block = b"".join((*self._rest, block))
            self._rest.clear()
        *lines, rest = block.split(b"\n")
        if rest:
            self._rest.append(rest)
        for line in lines:
            yield from self._take(line.removesuffix(b"\r"))

    def finish(self) -> Iterator[bytes]:
        """The data of an event that the end of the stream completes."""
        line, self._rest = b"".join(self._rest), []
        yield from self._take(line.removesuffix(b"\r"))
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._lines.append(line[5:].removeprefix(b" "))
        elif not line and self._lines:
            data, self._lines = b"\n".join(self._lines), []
            yield data
