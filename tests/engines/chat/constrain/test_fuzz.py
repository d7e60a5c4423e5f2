"""Odd glyphs and schemas, from the wire to llama.cpp: each has a reply or is refused by name, and nothing hangs."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from rhapsode.core.chat import collect
from rhapsode.core.constraint import Constraint, JsonDocument
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.minimax.raw_glyph import read_raw
from rhapsode.engines.chat.llama import LlamaEngine, open_engine
from tests.engines.chat.constrain.glyphs import LITERALS, random_glyph
from tests.engines.chat.requests import chat

PIECES = (
    *LITERALS, "{{gen 'a'", "{{gen 'b' ", "}}", "{{select 's' options=[", "'x'", ",", "]", " stop=", " pattern=", ".*", "(a|b)*",
    "[^\\x00-\\x7f]", "{2,}", "{0,3}", "|", "(", ")", "\\w+", "(?:(?:a?){9}){9}", " temperature=", "0.1", " blank_max_tokens=", "2",
    " use_regex=true", "\x01", "\x7f", "\ufffe", "\U0010ffff", "\\U00000041", "(.*.*.*)*", "[\\s\\S]{3,9}", "\n", "[]", "^", "$",
)  # fmt: skip
HOSTILE = (
    "{{gen 'a' pattern=(x+x+)+y}}", "{{gen 'a' pattern=(a?){60}b}}", "{{gen 'a' pattern=( ?){60}x}}", "{{gen 'a' pattern=(.*.*.*.*.*)*z}}",
    "{{gen 'a' pattern=.{0,2000}}}", "{{gen 'a' pattern=(\\w|\\d|[a-z])+\\b}}", "{{gen 'a' stop=(x+x+)+y}}", "{{gen 'a' stop=.{500}}}",
    "{{select 'a' options=['(a|aa)+','a+'] use_regex=true}}b", "{{gen 'a' pattern=[\\U00000001-\\U0010ffff]}}", "{{gen 'a' pattern=\\s+}}",
    "{{gen 'a' pattern=x?}}{{gen 'b' pattern=y?}}{{gen 'c' pattern=z?}}", "\x01\x7f{{gen 'a'}}\ufffe", "root ::= x\n{{gen 'a' pattern=\"|\\\\}}",
)  # fmt: skip


@pytest.fixture
async def tiny(tiny_gguf: Path) -> AsyncGenerator[LlamaEngine]:
    engine = await open_engine({"threads": 1}, find_model=lambda _: tiny_gguf)
    yield engine
    await engine.close()


async def answered(engine: LlamaEngine, forms: list[Constraint]) -> int:
    """How many had a reply."""
    rest = iter(forms)
    replies: list[str] = []

    async def caller() -> None:
        for form in rest:
            try:
                reply = await collect(engine.reply(replace(chat("x", max_tokens=24, temperature=1.0), constraint=form)))
            except InvalidField as refused:
                assert refused.field, form  # noqa: PT017 - either is right
            else:
                assert reply.end.usage.reply_tokens <= 24
                replies.append(reply.text)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(caller())
    return len(replies)


def read(texts: list[str]) -> list[Constraint]:
    forms: list[Constraint] = []
    for text in texts:
        try:
            forms.append(read_raw(text, field="raw_glyph"))
        except InvalidField as refused:
            assert refused.field == "raw_glyph"  # noqa: PT017 - either is right
    return forms


async def test_odd_glyphs(tiny: LlamaEngine) -> None:
    rng = random.Random(99)
    wild = ["".join(rng.choice(PIECES) for _ in range(rng.randint(1, 12))) for _ in range(1500)]
    broken = [
        glyph[: rng.randint(0, len(glyph))] + glyph[rng.randint(0, len(glyph)) :]
        for glyph in (random_glyph(rng).text for _ in range(100))
    ]
    forms = read([*HOSTILE, *wild, *broken])
    assert await answered(tiny, forms) > len(forms) / 2


def random_schema(rng: random.Random, depth: int) -> object:  # noqa: PLR0911 - one for each kind
    kind = rng.randint(0, 11)
    inner = (lambda: random_schema(rng, depth - 1)) if depth else (lambda: {"type": "string", "maxLength": 3})
    match kind:
        case 0 | 1:
            keys = rng.sample(("a", 'b"', "\\", "你", "\n", "x\x00", ""), rng.randint(0, 4))
            required = [key for key in keys if rng.random() < 0.5]
            return {"type": "object", "properties": {key: inner() for key in keys}, "required": required}
        case 2:
            return {"type": "object", "additionalProperties": inner(), "maxProperties": rng.randint(0, 3)}
        case 3 | 4:
            return {
                "type": "array",
                "items": inner(),
                "minItems": rng.randint(0, 2),
                "maxItems": rng.choice((2, 150, 9999)),
            }
        case 5:
            return {rng.choice(("anyOf", "oneOf", "allOf")): [inner() for _ in range(rng.randint(0, 3))]}
        case 6:
            return {
                "enum": [rng.choice(("a", 1, None, 1e300, {"x": [True]}, "😀", '"')) for _ in range(rng.randint(0, 3))]
            }
        case 7:
            return {
                "type": rng.choice(("integer", "number")),
                "minimum": rng.randint(-999, 99),
                "maximum": rng.randint(-9, 10**15),
            }
        case 8:
            return {"type": "string", "pattern": rng.choice(("a", "^[a-z]+$", "(a|b)*", "(", "x{0,99}", ".*", '"'))}
        case 9:
            return {"$ref": rng.choice(("#", "#/$defs/d", "#/properties/a", "x"))}
        case 10:
            return rng.choice(({}, True, False, None, [], "x", 7))
        case _:
            return {
                "type": rng.choice(("string", "boolean", "null", ["string", "null"])),
                "minLength": rng.choice((0, 2, 300)),
            }


async def test_odd_schemas(tiny: LlamaEngine) -> None:
    rng = random.Random(5)
    schemas = [
        {"type": "object", "properties": {"a": random_schema(rng, 3)}, "$defs": {"d": random_schema(rng, 2)}}
        for _ in range(250)
    ]
    forms: list[Constraint] = [JsonDocument(schema=schema) for schema in schemas]
    assert await answered(tiny, forms) > len(forms) / 3


async def test_whole_documents_are_documents(tiny: LlamaEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "maxLength": 4}, "b": {"type": "boolean"}},
        "required": ["a", "b"],
    }
    for _ in range(20):
        request = replace(chat("x", max_tokens=200, temperature=1.0), constraint=JsonDocument(schema=schema))
        assert list(json.loads((await collect(tiny.reply(request))).text)) == ["a", "b"]
