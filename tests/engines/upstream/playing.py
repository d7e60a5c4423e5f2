"""How an upstream of each kind answers, for the `Player` of the client's tests to play."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rhapsode.core.chat import ChatEngine
from rhapsode.engines.registry import open_chat
from tests.client.player import TRACE, Answer, Player, events, play, status


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """What one kind of upstream says. `frames` are the events of a reply, the last one being its end."""

    kind: str
    path: str
    frames: Callable[..., Sequence[bytes]]
    busy: Answer
    wrong_key: Answer
    wrong_request: Answer


def _error(http_status: int, **error: object) -> Answer:
    return play(json.dumps({"error": error}).encode(), status=http_status)


def _chunks(*pieces: str) -> list[bytes]:
    """As vLLM sends them."""
    choices: list[dict[str, object]] = [
        *({"index": 0, "delta": {"role": "assistant", "content": piece}} for piece in pieces),
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    usage = {"prompt_tokens": 39, "completion_tokens": 2, "total_tokens": 41}
    told: list[dict[str, object]] = [*({"choices": [choice]} for choice in choices), {"choices": [], "usage": usage}]
    return [*map(_frame, told), b"data: [DONE]\n\n"]


def _frame(event: Mapping[str, object]) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


MINIMAX = Tongue(
    kind="minimax",
    path="/v1/text/chatcompletion_pro",
    frames=events,
    busy=status(1002, "rate limit: SECRET", Retry_After="0"),
    wrong_key=status(2049, "invalid api key SECRET"),
    wrong_request=status(2013, "invalid params, SECRET"),
)
OPENAI = Tongue(
    kind="openai",
    path="/v1/chat/completions",
    frames=_chunks,
    busy=_error(429, message="SECRET", type="rate_limit_error", code="rate_limit_exceeded"),
    wrong_key=_error(401, message="SECRET", type="authentication_error", code="invalid_api_key"),
    wrong_request=_error(400, message="SECRET", type="BadRequestError", code=400),
)
TONGUES = (MINIMAX, OPENAI)


@asynccontextmanager
async def upstream_at(url: str, kind: str, **options: object) -> AsyncGenerator[ChatEngine]:
    """An engine that asks the server at this address, and gives up soon."""
    quick: Mapping[str, object] = {"base_url": url, "retries": 0, "first_token_timeout": 5.0, "idle_timeout": 5.0}
    engine = await open_chat(kind, {**quick, **options}, find_model=Path)
    try:
        yield engine
    finally:
        await engine.close()


__all__ = ["TONGUES", "TRACE", "Player", "Tongue", "upstream_at"]
