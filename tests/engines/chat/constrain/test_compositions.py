"""Glyphs and documents by the embedded model: their literal text, their limits, and what happens at each of them."""

import asyncio
import json
import random
import re
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
import pytest

from rhapsode.core.chat import ChatReply, ChatRequest, ChatText, Finish, collect
from rhapsode.core.constraint import Constraint, Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.errors import InvalidField, PromptTooLong
from rhapsode.dialects.minimax.glyph import WireGlyph, pretty, read_glyph
from rhapsode.dialects.minimax.raw_glyph import read_raw
from rhapsode.engines.chat.constrain.document import need_of
from rhapsode.engines.chat.llama import LlamaEngine, open_engine
from rhapsode.models.catalogue import find_model
from tests.engines.chat.requests import ANN, chat, says

pytestmark = pytest.mark.xdist_group("llama")

MODEL = find_model("default", directory=Path("nowhere"))
PAGE = Path(__file__).parents[4] / "docs/api/minimax.md"


def ask(constraint: Constraint | str, text: str = "Hi!", *, max_tokens: int = 64) -> ChatRequest:
    form = read_raw(constraint, field="raw_glyph") if isinstance(constraint, str) else constraint
    return replace(chat(says(text, "Li"), bots=(ANN,), max_tokens=max_tokens, temperature=1.0), constraint=form)


async def reply(
    llama: LlamaEngine, constraint: Constraint | str, text: str = "Hi!", *, max_tokens: int = 64
) -> ChatReply:
    return await collect(llama.reply(ask(constraint, text, max_tokens=max_tokens)))


async def test_the_examples_of_the_page(llama: LlamaEngine) -> None:
    blocks = re.findall(r"```json\n(\{\"type\": \"(?:raw|json_value)\".*?)\n```", PAGE.read_text(), re.DOTALL)
    document, raw = (read_glyph(msgspec.json.decode(block, type=WireGlyph), field="glyph") for block in blocks)
    made = json.loads((await reply(llama, document, "介绍一下自己。", max_tokens=96)).text)
    assert list(made) == ["name", "age", "hobbies", "home"]
    assert list(made["home"]) == ["city", "by_the_sea"]
    written = await reply(llama, raw, "介绍一下自己。")
    assert re.fullmatch(r"姓名：[^，。\n]*\n年龄：[1-9]\d?岁\n心情：(高兴|难过)", written.text)
    assert list(written.end.slots) == ["name", "age", "mood"]


async def test_literal_text_is_literal_at_both_ends_and_between(llama: LlamaEngine) -> None:
    around = " \n\t<|im_end|>{x}\u2028 "
    made = await reply(
        llama, Glyph(parts=(Literal(text=around), Select(name="s", options=(" a", "b ")), Literal(text=around)))
    )
    assert made.text in {f"{around} a{around}", f"{around}b {around}"}
    assert made.end.finish is Finish.STOP


async def test_a_glyph_without_slots_is_its_text(llama: LlamaEngine) -> None:
    made = await reply(llama, "only this ")
    assert (made.text, made.end.usage.reply_tokens) == ("only this ", 0)


async def test_a_slot_ends_where_the_text_after_it_begins(llama: LlamaEngine) -> None:
    made = await reply(
        llama, "{{gen 'first'}} {{gen 'second' pattern=[a-z ]+}}!\n{{gen 'third'}}\nEnd", "Tell me a story."
    )
    first, rest = made.text.split(" ", 1)
    assert made.end.slots["first"] == first
    assert rest.startswith(f"{made.end.slots['second']}!\n")
    assert "\n" not in made.end.slots["third"]


async def test_the_limit_of_a_slot_cuts_even_a_pattern(llama: LlamaEngine) -> None:
    made = await reply(llama, "<{{gen 'x' pattern=[a-z]{200} blank_max_tokens=2}}>")
    assert re.fullmatch("<[a-z]{1,199}>", made.text)
    assert made.end.finish is Finish.STOP
    assert made.end.usage.reply_tokens <= 2


@pytest.mark.parametrize(
    "glyph", ["答案： {{gen 'x' pattern=[一-龥]{9} blank_max_tokens=1}}", "A: {{gen 'x' blank_max_tokens=1}}"]
)
async def test_the_limit_of_a_slot_leaves_it_a_character(llama: LlamaEngine, glyph: str) -> None:
    for _ in range(8):
        made = await reply(llama, glyph + ".", "用中文回答：你好吗？")
        assert len(made.end.slots["x"]) >= 1
        assert made.end.usage.reply_tokens <= 1 + 4
        assert made.end.finish is Finish.STOP


@pytest.mark.parametrize("stop", ["[,.!?，。]", "(?i)t", r"\b[a-z]{4}\b"])
async def test_a_pattern_holds_beside_a_stop(llama: LlamaEngine, stop: str) -> None:
    # Of these, a grammar can say the first alone: for the others the reader looks.
    for _ in range(4):
        made = await reply(llama, f"{{{{gen 'x' pattern=[A-Za-z ,.]{{0,60}} stop={stop}}}}};", "Tell me a story.")
        assert re.fullmatch("[A-Za-z ,.]{0,60};", made.text)
        assert not re.search(stop, made.end.slots["x"])


async def test_no_slot_eats_the_tokens_of_the_others(llama: LlamaEngine) -> None:
    story = "{{gen 'story'}}|{{select 'end' options=['happy','sad']}}|{{gen 'code' pattern=\\d{4}}}."
    made = await reply(llama, story.replace("|", "\n###\n"), "Tell me a very long story.", max_tokens=60)
    assert set(made.end.slots) == {"story", "end", "code"}
    assert re.search(r"\n###\n(happy|sad)\n###\n\d{4}\.$", made.text)
    assert made.end.usage.reply_tokens <= 60


async def test_a_last_slot_that_takes_all_tokens_is_cut(llama: LlamaEngine) -> None:
    cut = await reply(llama, "a{{gen 'x' pattern=[a-z]{500}}}z", max_tokens=4)
    assert cut.end.finish is Finish.LENGTH
    assert re.fullmatch("a[a-z]{1,499}", cut.text)
    whole = await reply(llama, "a{{gen 'x' pattern=[a-z]{2,}}}1", max_tokens=4)
    assert re.fullmatch("a[a-z]{2,}1", whole.text)  # what came may stand there
    starved = await reply(llama, "{{gen 'a' pattern=\\d}}{{gen 'b' pattern=\\d}}{{gen 'c' pattern=\\d}}", max_tokens=2)
    assert (starved.end.finish, len(starved.text)) == (Finish.LENGTH, 2)


async def test_each_slot_has_its_temperature(llama: LlamaEngine) -> None:
    glyph = "{{gen 'cold' pattern=[a-z]{6} temperature=0.0001}} {{gen 'hot' pattern=[a-z]{6} temperature=1}}"
    made = [(await reply(llama, glyph)).end.slots for _ in range(4)]
    assert len({slots["cold"] for slots in made}) == 1
    assert len({slots["hot"] for slots in made}) > 1


async def test_what_is_open_ended_comes_as_it_is_written(llama: LlamaEngine) -> None:
    glyph = Glyph(parts=(Literal(text="Once upon a time"), Gen(name="more")))
    events = llama.reply(ask(glyph, "Tell me a story.", max_tokens=24))
    pieces = [event.text async for event in events if isinstance(event, ChatText)]
    assert len(pieces) > 4
    assert "".join(pieces).startswith("Once upon a time")


async def test_later_slots_find_the_prompt_evaluated(llama: LlamaEngine) -> None:
    await reply(llama, "{{gen 'a' pattern=\\d}}", "x " * 100)
    made = await reply(llama, "{{gen 'a' pattern=\\d}}-{{gen 'b' pattern=\\d}}", "x " * 100)
    assert made.end.usage.prompt_tokens - made.end.usage.cached_tokens < 10


async def test_a_caller_that_leaves_between_slots_frees_its_place(llama: LlamaEngine) -> None:
    async with aclosing(
        llama.reply(ask("a{{gen 'x' pattern=\\d{300}}}{{gen 'y' pattern=\\d{300}}}", max_tokens=200))
    ) as events:
        await anext(events)
        assert llama.running == 1
    assert llama.running == 0
    task = asyncio.create_task(reply(llama, "{{gen 'x' pattern=\\d{300}}}", max_tokens=200))
    while not llama.running:
        await asyncio.wait([task], timeout=0)
    task.cancel()
    await asyncio.wait([task])
    assert llama.running == 0


async def test_a_full_context_ends_a_glyph_and_closes_a_document() -> None:
    engine = await open_engine({"context": 96, "slots": 1}, find_model=lambda _: MODEL)
    try:
        cut = await reply(engine, "x " * 16 + "{{gen 'a' pattern=[a-z]{400}}}.", max_tokens=300)
        assert cut.end.finish is Finish.CONTEXT
        keys: dict[str, object] = {f"key{number}": {"type": "string"} for number in range(12)}
        made = await reply(engine, read(keys), max_tokens=300)
        assert list(json.loads(made.text)) == list(keys)
        assert made.end.finish is Finish.CONTEXT
        with pytest.raises(PromptTooLong):
            await reply(engine, "x " * 400 + "{{gen 'a'}}")
    finally:
        await engine.close()


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", r"\bword", "(?i)a", "a++", "[", ".*a.{20}", "((a{99}){99}){99}"]
)
async def test_a_pattern_that_cannot_be_enforced_is_refused(llama: LlamaEngine, pattern: str) -> None:
    with pytest.raises(InvalidField, match="slot 'x'") as caught:
        await reply(llama, Glyph(parts=(Gen(name="x", pattern=pattern),)))
    assert caught.value.field == "reply_constraints.glyph.raw_glyph"


@pytest.mark.parametrize("stop", ["(?=a)b", "a*", "(", "^"])
async def test_a_stop_that_cannot_be_looked_for_is_refused(llama: LlamaEngine, stop: str) -> None:
    with pytest.raises(InvalidField, match="slot 'x'"):
        await reply(llama, Glyph(parts=(Gen(name="x", stop=stop),)))


def read(properties: dict[str, object]) -> JsonDocument:
    wire = msgspec.convert({"type": "json_value", "json_properties": properties}, WireGlyph)
    return cast("JsonDocument", read_glyph(wire, field="glyph"))


def tree(rng: random.Random, depth: int) -> dict[str, object]:
    kind = rng.choice(("string", "number", "boolean", *(("object", "array") if depth else ())))
    if kind == "object":
        return {"type": kind, "properties": members(rng, depth - 1)}
    return {"type": kind, "items": tree(rng, depth - 1)} if kind == "array" else {"type": kind}


def members(rng: random.Random, depth: int) -> dict[str, object]:
    keys = rng.sample(("name", "年龄", "city", 'a "b"', "\\", "心情", "x.y", "items", "😀", "is_ok"), rng.randint(1, 3))
    return {key: tree(rng, depth) for key in keys}


def check(wire: dict[str, object], value: object) -> None:
    match wire["type"]:
        case "object":
            inner = cast("dict[str, dict[str, object]]", wire["properties"])
            assert isinstance(value, dict)
            assert list(cast("dict[str, object]", value)) == list(inner)
            for key, below in inner.items():
                check(below, cast("dict[str, object]", value)[key])
        case "array":
            assert isinstance(value, list)
            for item in cast("list[object]", value):
                check(cast("dict[str, object]", wire["items"]), item)
        case kind:
            types = {"string": str, "boolean": bool, "number": (int, float)}
            assert isinstance(value, types[str(kind)])
            assert isinstance(value, bool) == (kind == "boolean")
            assert not re.search("[\0-\x1f\ufffd]", str(value).replace("\n", "").replace("\t", "").replace("\r", ""))


@pytest.mark.timeout(600)
async def test_sixty_random_documents_close_within_their_tokens(llama: LlamaEngine) -> None:
    rng = random.Random(60)
    cases = [
        (members(rng, 2), rng.choice((0, 4, 24, 80)), rng.choice(("Describe Homer.", "介绍一下李白。")))
        for _ in range(60)
    ]
    rest = iter(cases)
    done: list[bool] = []

    async def caller() -> None:
        for wire, spare, text in rest:
            form = read(wire)
            least = need_of(form.schema).least or 1
            if least > 1:
                with pytest.raises(InvalidField, match="tokens_to_generate"):
                    await reply(llama, form, text, max_tokens=least - 1)
            made = await reply(llama, form, text, max_tokens=least + spare)
            check({"type": "object", "properties": wire}, json.loads(made.text))
            assert pretty(made.text) == made.text
            assert made.end.usage.reply_tokens <= least + spare
            assert made.end.finish is Finish.STOP
            done.append(True)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(caller())
    assert len(done) == 60


async def test_a_callers_schema_is_streamed_and_kept(llama: LlamaEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "score": {"type": "integer", "minimum": 1, "maximum": 10}},
        "required": ["mood", "score"],
        "additionalProperties": False,
    }
    made = await reply(llama, JsonDocument(schema=schema))
    found = json.loads(made.text)
    assert found["mood"] in {"good", "bad"}
    assert 1 <= found["score"] <= 10
    with pytest.raises(InvalidField) as caught:
        await reply(llama, JsonDocument(schema={"properties": {"a": {"not": {}}}}))
    assert caught.value.field == "response_format.json_schema.schema.properties.a.not"
