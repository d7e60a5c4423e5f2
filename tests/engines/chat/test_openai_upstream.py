"""What is asked of a server of OpenAI's shape, and what becomes of its reply."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import ChatReply, ChatRequest, ChatUsage, Finish, collect
from rhapsode.core.constraint import Gen, Glyph, JsonDocument, Literal
from rhapsode.core.errors import EngineError, InvalidField, NotSupported
from rhapsode.core.function import Function
from rhapsode.engines.chat.openai_document import shortened
from tests.client.player import Answer, Asked, Player, stream
from tests.engines.chat.requests import ANN, BOB, chat, replied, says
from tests.engines.upstream.playing import upstream_at

DOCUMENT = JsonDocument(schema={"type": "object", "properties": {"a": {"type": "string"}}}, must_close=True)


def chunks(*pieces: str, finish: str = "stop", tokens: int = 2) -> Answer:
    choices: list[dict[str, object]] = [{"index": 0, "delta": {"content": piece}} for piece in pieces]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    usage = {"prompt_tokens": 9, "completion_tokens": tokens}
    told: list[dict[str, object]] = [*({"choices": [choice]} for choice in choices), {"choices": [], "usage": usage}]
    frames = [f"data: {json.dumps(event)}\n\n".encode() for event in told]
    return stream(*frames, b"data: [DONE]\n\n")


async def ask(request: ChatRequest, *answers: Answer, **options: object) -> tuple[ChatReply, Sequence[Asked]]:
    with Player(*answers) as player:
        async with upstream_at(player.url, "openai", **options) as engine:
            return await collect(engine.reply(request)), player.asked


async def test_nobody_elses_line_is_heard_and_the_own_name_is_dropped() -> None:
    scene = chat(says("Who rules?", "Li"), replied("I do.", BOB.name), bots=(ANN, BOB), reply_as="Ann")
    reply, (asked,) = await ask(scene, chunks("An", "n: Once, a king", " ruled.\nBo", "b: That is me!", "\nAnn: No."))
    assert reply.text == "Once, a king ruled."
    assert reply.end.finish is Finish.STOP
    body = asked.json
    assert body["stop"]
    assert "Ann" in str(body["messages"])


async def test_a_conversation_without_names_is_sent_as_it_is() -> None:
    nameless = replace(
        chat(says("Hi", ""), bots=(replace(ANN, name="", description="Be brief."),)), stops=("END",), max_tokens=9
    )
    reply, (asked,) = await ask(nameless, chunks("Bob: hel", "lo E", "ND there"))
    assert reply.text == "Bob: hello"
    assert asked.json["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert asked.json["stop"] == ["END"]


async def test_thoughts_are_kept_apart() -> None:
    reply, _ = await ask(chat("hi"), chunks("<thi", "nk>hm, ", "so</th", "ink>\n\nGlassy."))
    assert (reply.thought, reply.text) == ("hm, so", "Glassy.")


async def test_a_reply_shorter_than_asked_and_cut_has_filled_the_context() -> None:
    reply, _ = await ask(chat("hi", max_tokens=16), chunks("Glassy", finish="length", tokens=7))
    assert reply.end.finish is Finish.CONTEXT
    reply, _ = await ask(chat("hi", max_tokens=16), chunks("Glassy", finish="length", tokens=16))
    assert reply.end.finish is Finish.LENGTH
    assert reply.end.usage == ChatUsage(prompt_tokens=9, reply_tokens=16)


async def test_a_document_is_asked_for_by_its_schema() -> None:
    reply, (asked,) = await ask(replace(chat("hi"), constraint=DOCUMENT), chunks('{"a"', ': "b"}'))
    assert reply.text == '{"a": "b"}'
    form = asked.json["response_format"]
    assert isinstance(form, dict)
    assert form["type"] == "json_schema"


async def test_a_document_that_is_cut_is_asked_for_once_more_with_bounds_in_its_schema() -> None:
    cut = chunks('{"a": "b', finish="length", tokens=16)
    reply, (first, second) = await ask(replace(chat("hi"), constraint=DOCUMENT), cut, chunks('{"a": "b"}'))
    assert reply.text == '{"a": "b"}'
    assert reply.end.finish is Finish.STOP
    assert schema_of(first) == DOCUMENT.schema
    assert schema_of(second)["properties"]["a"]["maxLength"] in range(1, 16)
    with pytest.raises(EngineError, match="close"):
        await ask(replace(chat("hi"), constraint=DOCUMENT), cut, cut)


async def test_a_server_that_keeps_no_schema_is_told_of_and_not_asked_twice() -> None:
    with pytest.raises(EngineError, match="grammar"):
        await ask(replace(chat("hi"), constraint=DOCUMENT), chunks("Sure! Here it is."))


def schema_of(asked: Asked) -> dict[str, Any]:
    form: Any = asked.json["response_format"]
    return form["json_schema"]["schema"]


@given(tokens=st.integers(8, 4096), wide=st.integers(1, 12))
def test_a_shortened_schema_fits_its_tokens_about(tokens: int, wide: int) -> None:
    string: dict[str, object] = {"type": "string"}
    item = {"type": "object", "properties": {"x": string, "n": {"type": "number"}}, "required": ["x", "n"]}
    properties = {f"key{n}": string for n in range(wide)} | {"list": {"type": "array", "items": item}}
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": [*properties]}
    short: dict[str, Any] = shortened(schema, tokens)
    assert list(short["properties"]) == [*properties]
    array = short["properties"]["list"]
    assert array["maxItems"] in range(1, 5)
    length = short["properties"]["key0"]["maxLength"]
    assert array["items"]["properties"]["x"]["maxLength"] == length
    longest = dict.fromkeys(properties, "x" * length) | {"list": [{"x": "x" * length, "n": 12345}] * array["maxItems"]}
    count = wide + array["maxItems"]
    structure = len(json.dumps(longest)) - length * count
    assert 3 * length * count + structure / 2 <= max(tokens, 3 * count + structure)
    assert "maxLength" not in string


async def test_a_limit_that_is_used_up_before_the_reply_begins_is_named_as_it_was_written() -> None:
    asked = replace(chat("hi"), tokens_field="max_tokens")
    for request, answer in (
        (replace(asked, functions=(Function(name="look"),), stops=("END",)), chunks(finish="length", tokens=16)),
        (asked, chunks("<think>hm, so", finish="length", tokens=16)),
    ):
        with pytest.raises(InvalidField) as caught:
            await ask(request, answer, retries=2)
        assert caught.value.field == "max_tokens"


async def test_a_reply_that_begins_with_a_stop_string_is_empty_and_finished() -> None:
    asked = replace(chat("hi"), stops=("END",))
    for answer in (chunks("EN", "D and more"), chunks(), chunks(" ")):  # cut here, or by that server
        reply, (_,) = await ask(asked, answer, retries=2)
        assert (reply.text, reply.end.finish) == ("", Finish.STOP)
    for blank in (chunks(" ", finish="length"), chunks("Bob: That is me!")):
        scene = chat(says("Who rules?", "Li"), bots=(ANN, BOB), reply_as="Ann")
        reply, both = await ask(replace(scene, stops=("END",)), blank, chunks("I do."), retries=2)
        assert (reply.text, len(both)) == ("I do.", 2)


@pytest.mark.parametrize(("grammar", "constraint"), [("none", DOCUMENT), ("response_format", Glyph(parts=()))])
async def test_a_form_that_the_server_does_not_know_is_left_to_the_next_engine(
    grammar: str, constraint: JsonDocument | Glyph
) -> None:
    with pytest.raises(NotSupported):
        await ask(replace(chat("hi"), constraint=constraint), grammar=grammar)


async def test_vllm_fills_a_glyph_slot_by_slot_each_with_its_own_grammar() -> None:
    parts = (Literal(text="Name: "), Gen(name="n", pattern="[a-z]{1,9}", temperature=0.2), Literal(text="! Age: "))
    glyph = Glyph(parts=(*parts, Gen(name="a", pattern="[0-9]{2}")))
    reply, (first, second) = await ask(
        replace(chat("hi", max_tokens=64), constraint=glyph), chunks("an", "n"), chunks("42"), grammar="vllm"
    )
    assert reply.text == "Name: ann! Age: 42"
    assert reply.end.slots == {"n": "ann", "a": "42"}
    assert first.json["temperature"] == 0.2
    assert first.json["continue_final_message"] is True
    assert first.json["messages"][-1] == {"role": "assistant", "content": "Name:"}  # type: ignore[index]
    assert second.json["messages"][-1] == {"role": "assistant", "content": "Name: ann! Age:"}  # type: ignore[index]
    assert "root ::=" in second.json["structured_outputs"]["grammar"]  # type: ignore[index]
