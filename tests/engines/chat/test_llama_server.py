"""An upstream that is a real llama-server: a reply has its form by that server's own grammar."""

import json
import re
from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from pathlib import Path

import pytest

from rhapsode.core.chat import Bot, ChatEngine, Finish, collect
from rhapsode.core.constraint import Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.errors import EngineError, NotSupported, PromptTooLong
from rhapsode.core.function import Function
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.openai_request import Wire
from tests.client.player import Player, play
from tests.engines.chat.llama_server import LlamaServer, llama_server
from tests.engines.chat.requests import ANN, BOB, chat, replied, says
from tests.engines.upstream.playing import upstream_at

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z][a-z]{2,6}$"},
        "age": {"type": "integer", "minimum": 1, "maximum": 99},
        "moods": {"type": "array", "items": {"enum": ["calm", "gay"]}, "minItems": 1, "maxItems": 2},
    },
    "required": ["name", "age", "moods"],
    "additionalProperties": False,
}
NOBODY = Bot(name="", description="Be brief.")
SCENE = chat(says("Who rules?", "Li"), replied("I do.", BOB.name), bots=(ANN, BOB), reply_as="Ann", temperature=1.0)


@pytest.fixture(scope="module")
def server(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[LlamaServer]:
    with llama_server(tiny_gguf, tmp_path_factory.mktemp("llama-server")) as opened:
        yield opened


@pytest.fixture
async def engine(server: LlamaServer) -> AsyncGenerator[ChatEngine]:
    key = str(server.key_file)
    async with upstream_at(server.url, "openai", grammar="llama", model="tiny", api_key_file=key) as opened:
        yield opened


async def test_a_glyph_is_filled_slot_by_slot(engine: ChatEngine) -> None:
    slots = (
        Gen(name="name", pattern="[A-Z][a-z]{2,8}"),
        Select(name="mood", options=("calm", "gay")),
        Select(name="year", options=("19[0-9]{2}", "20[0-2][0-9]"), is_regex=True),
        Gen(name="word", stop="[x-z]", max_tokens=6),
    )
    parts = (Literal(text="I am "), slots[0], Literal(text=", "), slots[1], Literal(text=" since "), slots[2])
    glyph = Glyph(parts=(*parts, Literal(text=".\n- "), slots[3], Literal(text="!")))
    for _ in range(5):
        reply = await collect(engine.reply(replace(SCENE, constraint=glyph, max_tokens=80)))
        form = r"I am ([A-Z][a-z]{2,8}), (calm|gay) since ((?:19\d|20[0-2])\d)\.\n- ([^x-z]*)!"
        found = re.fullmatch(form, reply.text, re.DOTALL)
        assert found, reply
        assert reply.end.slots == dict(zip(("name", "mood", "year", "word"), found.groups(), strict=True))
        assert reply.end.finish is Finish.STOP
        assert reply.end.usage.prompt_tokens > len("Who rules?")
        assert 0 < reply.end.usage.reply_tokens <= 80


async def test_a_document_that_must_close_closes(engine: ChatEngine) -> None:
    properties = {
        "name": {"type": "string"},
        "old": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    for tokens in (12, 60):
        asked = replace(SCENE, constraint=JsonDocument(schema=schema, must_close=True), max_tokens=tokens)
        reply = await collect(engine.reply(asked))
        assert list(json.loads(reply.text)) == list(properties)
        assert reply.end.finish is Finish.STOP


async def test_a_schema_is_kept_whatever_the_model(engine: ChatEngine) -> None:
    for _ in range(5):
        reply = await collect(engine.reply(replace(SCENE, constraint=JsonDocument(schema=SCHEMA), max_tokens=200)))
        told = json.loads(reply.text)
        assert re.fullmatch("[A-Z][a-z]{2,6}", told["name"])
        assert 1 <= told["age"] <= 99
        assert set(told["moods"]) <= {"calm", "gay"}
        assert reply.end.finish is Finish.STOP


async def test_a_conversation_that_does_not_fit_is_told_both_figures(engine: ChatEngine) -> None:
    glyph = Glyph(parts=(Gen(name="a", pattern="[a-z]"),))
    for constraint in (None, glyph):
        with pytest.raises(PromptTooLong) as caught:
            await collect(engine.reply(replace(chat("long " * 400), constraint=constraint)))
        assert caught.value.context_tokens == 1024
        assert caught.value.prompt_tokens > 2000


async def test_a_scene_is_kept_by_a_grammar_from_beginning_with_a_name() -> None:
    with Player() as player:
        async with upstream_at(player.url, "openai", grammar="llama") as engine:
            for asked in (
                SCENE,
                replace(SCENE, functions=(Function(name="look"),)),
                chat(says("hi", ""), bots=(NOBODY,)),
            ):
                with pytest.raises(EngineError):
                    await collect(engine.reply(asked))
        scene, with_functions, nameless = (asked.json for asked in player.asked)
    assert scene["grammar"] == reply_grammar(Wire(SCENE, model="").names)
    assert "grammar" not in with_functions
    assert "grammar" not in nameless


async def test_free_replies_are_free(engine: ChatEngine) -> None:
    reply = await collect(engine.reply(replace(SCENE, max_tokens=8)))
    assert reply.text
    assert reply.end.usage.reply_tokens <= 8


async def test_a_server_that_is_none_is_an_error_or_left_to_the_next_engine() -> None:
    glyph = replace(chat("hi"), constraint=Glyph(parts=(Gen(name="a", pattern="[a-z]"),)))
    with Player(play(b'{"detail": "Not Found"}', status=400)) as player:
        async with upstream_at(player.url, "openai", grammar="llama") as engine:
            with pytest.raises(NotSupported):
                await collect(engine.reply(glyph))
            assert [asked.target for asked in player.asked] == ["/apply-template"]
