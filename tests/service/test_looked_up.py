"""A reply after a search of the web."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from rhapsode.core.chat import ChatReply, ChatRequest, ChatText, Finding, Role, Turn, collect
from rhapsode.core.errors import EngineError, EngineMissing, NotSupported
from rhapsode.service.chat import ChatService
from tests.service.saying import Finds, Says, asking

TIDES = Finding(title="Tides", url="https://example.com/tides", text="The moon pulls.")


async def ask(request: ChatRequest, engine: Says, search: Finds | None) -> ChatReply:
    service = ChatService(routes={"m": [engine]}, base_model=str, search=search)
    async with aclosing(service.reply(request)) as events:
        return await collect(events)


async def test_the_last_question_of_a_user_is_looked_up_and_the_engine_told() -> None:
    engine, search = Says(ChatText(text="ok")), Finds(TIDES)
    request = replace(asking("hello", "  how do\n tides work? "), search=True)
    bot = Turn(role=Role.BOT, speaker="B", text="Let me see.")
    await ask(replace(request, turns=(*request.turns, bot)), engine, search)
    assert search.queries == ["how do tides work?"]
    assert engine.asked[0].findings == (TIDES,)
    assert not engine.asked[0].search


async def test_nothing_is_looked_up_unasked() -> None:
    engine, search = Says(ChatText(text="ok")), Finds(TIDES)
    await ask(asking("hello"), engine, search)
    assert (search.queries, engine.asked[0].findings) == ([], ())


async def test_a_long_question_is_cut() -> None:
    search = Finds()
    await ask(replace(asking("why " * 1000), search=True), Says(ChatText(text="ok")), search)
    assert len(search.queries[0]) <= 256


async def test_without_a_user_there_is_nothing_to_look_up() -> None:
    search = Finds()
    await ask(replace(asking(), search=True), Says(ChatText(text="ok")), search)
    assert search.queries == []


async def test_a_search_that_fails_costs_the_findings_and_not_the_reply() -> None:
    engine = Says(ChatText(text="ok"))
    reply = await ask(replace(asking("hi"), search=True), engine, Finds(failure=EngineError("slow")))
    assert (reply.text, engine.asked[0].findings) == ("ok", ())


async def test_a_search_that_was_set_up_wrongly_is_told() -> None:
    with pytest.raises(EngineMissing, match="JSON is off"):
        await ask(replace(asking("hi"), search=True), Says(), Finds(failure=EngineMissing("JSON is off")))


async def test_without_a_search_server_the_caller_hears_what_to_set() -> None:
    with pytest.raises(NotSupported, match=r"^tools: web search needs search\.url in the server's settings"):
        await ask(replace(asking("hi"), search=True, search_field="tools"), Says(), None)
