"""Which engine replies, and what happens when it cannot."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from rhapsode.core.chat import (
    Bot,
    ChatEnd,
    ChatEvent,
    ChatReply,
    ChatRequest,
    ChatText,
    ChatUsage,
    Finish,
    Role,
    Sampling,
    Turn,
    collect,
)
from rhapsode.core.errors import EngineError, InvalidField, NotSupported, PromptTooLong, UnknownModel
from rhapsode.service.chat import ChatService

END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=1, reply_tokens=1))


class Sayer:
    """Says its words, then fails or ends."""

    def __init__(self, *words: str, failure: Exception | None = None) -> None:
        self.words = words
        self.failure = failure
        self.closed = False

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        del request
        try:
            for word in self.words:
                yield ChatText(text=word)
            if self.failure:
                raise self.failure
            yield END
        finally:
            self.closed = True

    async def close(self) -> None:
        """Nothing is held."""


def asking(model: str) -> ChatRequest:
    return ChatRequest(
        model=model,
        bots=(Bot(name="B", description=""),),
        turns=(Turn(role=Role.USER, speaker="U", text="hi"),),
        reply_as="B",
        max_tokens=10,
        sampling=Sampling(temperature=1, top_p=1),
    )


async def ask(model: str, *engines: Sayer) -> ChatReply:
    service = ChatService(routes={"m": engines}, base_model=lambda name: name.removeprefix("ft:"))
    async with aclosing(service.reply(asking(model))) as events:
        reply = await collect(events)
    assert await service.whole(asking(model)) == reply
    return reply


async def test_a_fine_tuned_name_is_served_by_its_base() -> None:
    assert (await ask("ft:m", Sayer("a", "b"))).text == "ab"


async def test_a_name_that_nobody_serves_is_unknown() -> None:
    with pytest.raises(UnknownModel, match="'x'"):
        await ask("x", Sayer("a"))


async def test_the_next_engine_replies_when_the_first_cannot_begin() -> None:
    first = Sayer(failure=EngineError("down"))
    assert (await ask("m", first, Sayer("second"))).text == "second"
    assert first.closed


async def test_what_a_stream_raises_a_whole_reply_raises_too() -> None:
    broken = ChatService(routes={"m": [Sayer("a", failure=EngineError("broken")), Sayer("b")]}, base_model=str)
    for model, error in (("m", EngineError), ("n", UnknownModel)):
        with pytest.raises(error):
            await broken.whole(asking(model))


async def test_a_reply_that_has_begun_is_not_begun_again() -> None:
    with pytest.raises(EngineError):
        await ask("m", Sayer("half", failure=EngineError("down")), Sayer("second"))


async def test_the_last_engines_failure_is_told_and_a_callers_mistake_is_not_passed_on() -> None:
    with pytest.raises(EngineError, match="two"):
        await ask("m", Sayer(failure=EngineError("one")), Sayer(failure=EngineError("two")))
    with pytest.raises(InvalidField):
        await ask("m", Sayer(failure=InvalidField("messages", "no")), Sayer("second"))


async def test_a_conversation_that_is_too_long_for_one_engine_may_fit_the_next() -> None:
    small = Sayer(failure=PromptTooLong(prompt_tokens=9, context_tokens=8))
    assert (await ask("m", small, Sayer("second"))).text == "second"


async def test_leaving_early_closes_the_engine() -> None:
    engine = Sayer("a", "b")
    service = ChatService(routes={"m": [engine]}, base_model=str)
    async with aclosing(service.reply(asking("m"))) as events:
        assert isinstance(await anext(events), ChatText)
    assert engine.closed


async def test_an_engine_that_cannot_do_what_is_asked_leaves_it_to_the_next() -> None:
    unable = Sayer(failure=NotSupported("functions"))
    assert (await ask("m", unable, Sayer("second"))).text == "second"
    with pytest.raises(NotSupported):
        await ask("m", unable, unable)


async def test_an_engine_that_is_down_and_could_have_done_it_is_no_mistake_of_the_callers() -> None:
    with pytest.raises(EngineError, match="down"):
        await ask("m", Sayer(failure=EngineError("down")), Sayer(failure=NotSupported("functions")))


@pytest.mark.parametrize("name", ["MiniMax-M2", "minimax-m2", "ft:minimax-m2"])
async def test_a_name_is_known_in_any_case_of_its_letters(name: str) -> None:
    engine = Sayer("here")
    service = ChatService(routes={"MiniMax-M2": [engine]}, base_model=lambda name: name.removeprefix("ft:"))
    assert service.serves(name)
    async with aclosing(service.reply(asking(name))) as events:
        assert (await collect(events)).text == "here"


async def test_of_names_that_differ_in_case_alone_each_has_its_own_engine() -> None:
    service = ChatService(routes={"m": [Sayer("small")], "M": [Sayer("large")]}, base_model=str)
    for name, said in (("m", "small"), ("M", "large")):
        async with aclosing(service.reply(asking(name))) as events:
            assert (await collect(events)).text == said
