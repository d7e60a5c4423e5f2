"""Callers of every kind, one call after the other, who remember which replies they saw complete."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from tests.live.running import LiveServer
from tests.live.test_chat_pro import body as pro_body
from tests.live.test_t2a import body as t2a_body
from tests.live.test_t2a_v2 import body as t2a_v2_body

SECONDS: Final = 60

_QUESTION: Final = [{"role": "user", "content": "Tell me of the sea, and of the ships that went down to it. " * 2}]


def openai_body(**changes: object) -> dict[str, Any]:
    return {"model": "abab6.5s-chat", "messages": _QUESTION} | changes


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A call, and what is in the last part of its reply and in none before. Empty: the reply is complete at its end."""

    path: str
    body: dict[str, Any]
    last: str = ""


KINDS: Final = (
    Kind(path="/v1/text/chatcompletion_pro", body=pro_body()),
    Kind(path="/v1/text/chatcompletion_pro", body=pro_body(stream=True), last='"usage"'),
    Kind(path="/v1/chat/completions", body=openai_body()),
    Kind(path="/v1/chat/completions", body=openai_body(stream=True), last="[DONE]"),
    Kind(path="/v1/t2a_v2", body=t2a_v2_body(text="你好，world.")),
    Kind(path="/v1/t2a_v2", body=t2a_v2_body(text="你好，world.", stream=True), last='"extra_info"'),
    Kind(path="/v1/text_to_speech", body=t2a_body(text="你好")),
    Kind(path="/v1/embeddings", body={"model": "embo-01", "texts": ["a"], "type": "db"}),
)


class Load:
    """One thread for each kind of call, from entering until leaving, or until `last_calls`."""

    def __init__(self, server: LiveServer, kinds: Iterable[Kind] = KINDS) -> None:
        self._over = Event()
        self._news = Condition()
        self._server = server
        self._threads = [Thread(target=self._call_again_and_again, args=(kind,)) for kind in kinds]
        self.complete: list[str] = []
        """trace ids of the replies that were seen to their end, and are no errors"""
        self.refused: list[str] = []
        """What else was answered."""
        self.broken = 0
        """calls whose connection broke"""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def last_calls(self) -> None:
        """What is under way is the last."""
        self._over.set()

    def wait_for(self, met: Callable[["Load"], bool]) -> None:
        """Until what callers have seen is so."""
        with self._news:
            assert self._news.wait_for(lambda: met(self), SECONDS), (len(self.complete), self.refused[-3:], self.broken)

    def _call_again_and_again(self, kind: Kind) -> None:
        while not self._over.is_set():
            with self._server.client() as client, suppress(httpx2.TransportError):
                while not self._over.is_set():
                    self._call(client, kind)
                return
            with self._news:
                self.broken += 1
                self._news.notify_all()

    def _call(self, client: httpx2.Client, kind: Kind) -> None:
        said = ""
        with client.stream("POST", kind.path, json=kind.body) as answer:
            trace_id = answer.headers["trace-id"]
            for part in _parts(answer, in_lines=bool(kind.last)):
                said = part
                if kind.last and kind.last in part and '"error"' not in part and _status(part) == 0:
                    self._note(self.complete, trace_id)  # at once: whether the end arrives too does not matter
            is_good = answer.status_code == 200 and not kind.last and _status(said) == 0
            if is_good:
                self._note(self.complete, trace_id)
            elif not kind.last or kind.last not in said or _status(said):
                self._note(self.refused, f"{answer.status_code} {said[:300]}")

    def _note(self, where: list[str], what: str) -> None:
        with self._news:
            where.append(what)
            self._news.notify_all()


def _parts(answer: httpx2.Response, *, in_lines: bool) -> Iterator[str]:
    """The lines of a stream that say something; a whole reply's body as one."""
    if in_lines and answer.headers["content-type"].startswith("text/event-stream"):
        yield from (line for line in answer.iter_lines() if line)
    else:
        yield answer.read().decode(errors="replace")


def _status(part: str) -> int:
    """The platform's code in a reply or an event of one; 0 where there is none."""
    with suppress(json.JSONDecodeError, AttributeError):
        status: int = json.loads(part.removeprefix("data: ")).get("base_resp", {}).get("status_code", 0)
        return status
    return 0
