"""Links, mail addresses and the names of hosts."""

import re
from typing import Final

from rhapsode.text.top_domains import ATTRIBUTES, DOUBTFUL, FILES, PRODUCTS, TOP_DOMAINS

_SCHEME: Final = re.compile(r"(?<![A-Za-z0-9])(?:https?|ftps?|wss?)://", re.IGNORECASE)
_OPEN_SCHEME: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:h|ht|htt|f|ft|w|ws|(?:https?|ftps?|wss?)(?::/{0,2})?)\Z", re.IGNORECASE
)
_LONGEST_SCHEME: Final = len("https://")

# In a link, signs that also end a sentence or a bracket belong to it only where it goes on behind them.
_BODY: Final = r"[A-Za-z0-9/?#%&=+@$_~\[({|\\^-]"
_SIGNS: Final = r"[.,;:!)\]}'\"*`<>]"
_LINK: Final = re.compile(rf"(?:{_BODY}|{_SIGNS}{{1,8}}{_BODY})*")
_OPEN_SIGNS: Final = re.compile(rf"{_SIGNS}{{0,8}}\Z")
_FOREIGN_HOST: Final = re.compile(r"(?=[^\x00-\x7f])\w[\w.-]{0,63}")

_NAME: Final = re.compile(r"[A-Za-z0-9._%+@-]+")
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+@-")
_EDGES: Final = "._%+-"
_PORT: Final = re.compile(r":[0-9]{1,5}(?![0-9])")
_OPEN_TAIL: Final = re.compile(rf"(?::[0-9]{{0,5}})?(?:[/?#]{_SIGNS}{{0,8}})?\Z")
_PATH: Final = ("/", "?", "#")
_LABELS: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LONGEST_LOCAL, _LONGEST_HOST = 64, 253
_LONGEST_MAIL: Final = _LONGEST_LOCAL + 1 + _LONGEST_HOST
_LABELS_OF_A_SENTENCE: Final = 2
"""`done.so`: no blank between two sentences"""


class Links:
    """What begins with a scheme: `https://example.com/path`."""

    def find(self, text: str, start: int, /) -> tuple[int, int] | None:
        """Of `Kind`."""
        for scheme in _SCHEME.finditer(text, start):
            if (end := _link_end(text, scheme.end())) > scheme.end():
                return scheme.start(), end
        return None

    def open_from(self, text: str, start: int, /) -> int:
        """Of `Kind`."""
        for scheme in _SCHEME.finditer(text, start):
            if may_go_on(text, _link_end(text, scheme.end())):
                return scheme.start()
        begun = _OPEN_SCHEME.search(text, max(start, len(text) - _LONGEST_SCHEME))
        return begun.start() if begun else len(text)


class Names:
    """Mail addresses, and hosts without a scheme, with the port and the path behind them."""

    def find(self, text: str, start: int, /) -> tuple[int, int] | None:
        """Of `Kind`."""
        for name in _NAME.finditer(text, start):
            if span := _read(text, name):
                return span
        return None

    def open_from(self, text: str, start: int, /) -> int:
        """Of `Kind`."""
        for name in _NAME.finditer(text, start):
            if name.end() == len(text):
                return name.start() if _may_grow(text, name) else len(text)
            if _OPEN_TAIL.match(text, name.end()) and _may_grow(text, name) and _is_host(_core(name), with_path=True):
                return name.start()
            if (span := _read(text, name)) and _is_path(text, name, span):
                return name.start()
        return len(text)


def certain(text: str, start: int) -> tuple[int, int] | None:
    """Of a link that begins at `start`, signs before it aside, and goes on to the end of the text: what is certain.

    So that a link of any length need not be held back.
    """
    if scheme := _SCHEME.match(text, start):
        end = _link_end(text, scheme.end())
        foreign = _FOREIGN_HOST.match(text, scheme.end())
        complete = not foreign or foreign.end() < len(text)
        return (start, end) if complete and end > scheme.end() and may_go_on(text, end) else None
    name = _NAME.match(text, start)
    span = _read(text, name) if name else None
    return span if name and span and _is_path(text, name, span) else None


def link_until(text: str, start: int) -> int:
    """Where a link that was under way at `start` ends, or would end if no more text came."""
    end = _LINK.match(text, start)
    return end.end() if end else start


def may_go_on(text: str, end: int) -> bool:
    """Whether a link that would end here may be longer, by what is still to come."""
    return _OPEN_SIGNS.match(text, end) is not None


def _link_end(text: str, start: int) -> int:
    foreign = _FOREIGN_HOST.match(text, start)
    return link_until(text, foreign.end() if foreign else start)


def _may_grow(text: str, name: re.Match[str]) -> bool:
    """Whether a name of so many characters may be, or become, one of ours: what is longer is not looked at."""
    if name.start() > 0 and text[name.start() - 1] in _NAME_CHARACTERS:
        return False  # the rest of one that was looked at
    head = name[0][: _LONGEST_LOCAL + 1]
    return len(name[0]) <= _LONGEST_MAIL and (len(head) <= _LONGEST_LOCAL or "." in head or "@" in head)


def _read(text: str, name: re.Match[str]) -> tuple[int, int] | None:
    """The span of a mail address, or of a host with its port and path."""
    if "." not in name[0] or not _may_grow(text, name):
        return None
    core = _core(name)
    start = name.start() + name[0].index(core)
    end = start + len(core)
    if (at := core.rfind("@")) >= 0:
        local = core[core.rfind("@", 0, at) + 1 : at].lstrip(_EDGES)
        host = core[at + 1 :]
        is_mail = len(local) <= _LONGEST_LOCAL and len(host) <= _LONGEST_HOST and _LABELS.fullmatch(host)
        return (start + at - len(local), end) if local and is_mail else None
    if end == name.end():  # else the name ended a sentence
        port = _PORT.match(text, end)
        path = port.end() if port else end
        if text[path : path + 1] in _PATH and (after := link_until(text, path)) > path + 1:
            return (start, after) if _is_host(core, with_path=True) else None
        end = path
    return (start, end) if _is_host(core, with_path=False) else None


def _core(name: re.Match[str]) -> str:
    """Without the signs around it."""
    return name[0].strip(_EDGES + "@")


def _is_path(text: str, name: re.Match[str], span: tuple[int, int]) -> bool:
    """Whether the span ends with a path that may go on."""
    behind = text[name.end() : span[1]]
    return any(sign in behind for sign in _PATH) and may_go_on(text, span[1])


def _is_host(name: str, *, with_path: bool) -> bool:
    """Whether this is the name of a host, and not of a file, a product, or two sentences without a blank between."""
    if len(name) > _LONGEST_HOST or not _LABELS.fullmatch(name):
        return False
    labels = name.split(".")
    top = labels[-1]
    if not (top.islower() or name.isupper()) or name.lower() in PRODUCTS:
        return False
    top = top.lower()
    if labels[0].lower() == "www":
        return top in TOP_DOMAINS
    if top in FILES or (top in ATTRIBUTES and not with_path):
        return False
    return top in TOP_DOMAINS and (top not in DOUBTFUL or with_path or len(labels) > _LABELS_OF_A_SENTENCE)
