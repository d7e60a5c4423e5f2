"""Calls of random functions, by a model that knows nothing: their form is the grammar's, whatever the model is."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from rhapsode.core.chat import ChatReply, Finish, collect
from rhapsode.core.function import Function
from rhapsode.engines.chat.llama import LlamaEngine, open_engine
from tests.engines.chat.requests import chat
from tests.tiny_gguf import write_tiny_gguf

Check = Callable[[object], bool]

KINDS: tuple[tuple[dict[str, object], Check], ...] = (
    ({"enum": ["C", "F", None]}, lambda value: value in {"C", "F", None}),
    ({"type": "string", "maxLength": 4}, lambda value: isinstance(value, str) and len(value) <= 4),
    ({"type": "integer", "minimum": -3, "maximum": 12}, lambda value: type(value) is int and -3 <= value <= 12),
    ({"type": "boolean"}, lambda value: isinstance(value, bool)),
    ({"type": "string", "pattern": "^[A-Z]{3}$"}, lambda value: isinstance(value, str) and value.isupper()),
    (
        {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2},
        lambda value: isinstance(value, list) and value in ([True], [False], *([a, b] for a in (True, False) for b in (True, False))),
    ),
    (
        {"type": "object", "properties": {"x": {"type": "null"}}, "required": ["x"], "additionalProperties": False},
        lambda value: value == {"x": None},
    ),
)  # fmt: skip


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncGenerator[LlamaEngine]:
    model = write_tiny_gguf(tmp_path / "long.gguf", context=8192)
    engine = await open_engine({"threads": 1}, find_model=lambda _: model)
    yield engine
    await engine.close()


def offer(rng: random.Random) -> tuple[Function, dict[str, Check]]:
    """A function, and what each of its parameters must be."""
    kinds = dict(zip(("city", "天数", 'a"b', "n"), rng.sample(KINDS, rng.randint(0, 4)), strict=False))
    schemas = {name: schema for name, (schema, _) in kinds.items()}
    required = [name for name in kinds if rng.random() < 0.7]
    parameters = {"type": "object", "properties": schemas, "required": required, "additionalProperties": False}
    name = f"f-{rng.getrandbits(20)}"
    return Function(name=name, parameters=parameters), {name: check for name, (_, check) in kinds.items()}


async def test_every_call_that_is_whole_is_what_its_schema_says(tiny: LlamaEngine) -> None:
    rng = random.Random(11)
    offers = [[offer(rng) for _ in range(rng.randint(1, 3))] for _ in range(30)]
    rest = iter(offers)
    replies: list[ChatReply] = []

    async def caller() -> None:
        for offered in rest:
            functions = tuple(function for function, _ in offered)
            must = tuple(function.name for function in functions)[: rng.choice((1, 3))]
            asked = replace(chat("x", max_tokens=600, temperature=1.0), functions=functions, must_call=must)
            reply = await collect(tiny.reply(asked))
            assert reply.text == ""
            replies.append(reply)
            whole = reply.calls if reply.end.finish is Finish.STOP else reply.calls[:-1]
            for call in whole:
                function, checks = next(pair for pair in offered if pair[0].name == call.name)
                assert call.name in must
                arguments = json.loads(call.arguments)
                assert set(cast("list[str]", function.parameters["required"])) <= set(arguments) <= set(checks)
                assert all(checks[name](value) for name, value in arguments.items()), (function, arguments)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(caller())
    assert len(replies) == 30
    assert sum(reply.end.finish is Finish.STOP for reply in replies) > 24
