"""Which parts of a reply are masked, and when."""

from contextlib import aclosing
from dataclasses import replace

from rhapsode.core.chat import ChatCall, ChatEvent, ChatRequest, ChatText, ChatThought, collect
from rhapsode.core.constraint import Glyph, Literal
from rhapsode.service.chat import ChatService
from tests.service.saying import END, Says, asking

MAIL = "a@example.com"
STARS = "*" * len(MAIL)


async def hear(request: ChatRequest, *events: ChatEvent) -> list[ChatEvent]:
    service = ChatService(routes={"m": [Says(*events)]}, base_model=str)
    async with aclosing(service.reply(request)) as heard:
        return [event async for event in heard]


def pieces(text: str) -> list[ChatEvent]:
    return [ChatText(text=character) for character in text]


async def test_a_reply_is_masked_where_that_is_asked_for() -> None:
    heard = await hear(replace(asking("hi"), mask=True), *pieces(f"Write to {MAIL} soon."))
    assert "".join(event.text for event in heard if isinstance(event, ChatText)) == f"Write to {STARS} soon."
    assert all(event.text for event in heard if isinstance(event, ChatText))
    assert heard[-1] == END
    assert await hear(asking("hi"), ChatText(text=MAIL)) == [ChatText(text=MAIL), END]


async def test_a_whole_reply_is_masked_as_its_events_are() -> None:
    words = (
        ChatThought(text=f"so {MAIL}"),
        *pieces(f"Write to {MAIL} soon. a@exam"),
        ChatCall(index=0, name=MAIL),
        *pieces("ple.com 138 0013"),
        ChatThought(text="8000 a@exam"),
        *pieces(" 8000"),
        ChatThought(text="ple.com"),
    )
    service = ChatService(routes={"m": [Says(*words)]}, base_model=str)
    for mask in (True, False):
        request = replace(asking("hi"), mask=mask)
        async with aclosing(service.reply(request)) as events:
            assert await service.whole(request) == await collect(events)
        assert (MAIL in (await service.whole(request)).text) is not mask


async def test_what_was_held_back_comes_before_the_end() -> None:
    assert await hear(replace(asking("hi"), mask=True), ChatText(text=MAIL)) == [ChatText(text=STARS), END]


async def test_a_reply_in_a_form_stays_as_it_is() -> None:
    request = replace(asking("hi"), mask=True, constraint=Glyph(parts=(Literal(text=MAIL),)))
    assert await hear(request, ChatText(text=MAIL)) == [ChatText(text=MAIL), END]


async def test_thoughts_are_masked_and_arguments_are_not() -> None:
    call = ChatCall(index=0, name="send", arguments=f'{{"to": "{MAIL}"}}')
    heard = await hear(
        replace(asking("hi"), mask=True),
        ChatThought(text="so "),
        ChatThought(text=MAIL),
        ChatText(text="To "),
        ChatText(text=MAIL),
        call,
    )
    assert heard == [
        ChatThought(text="so "),
        ChatThought(text=STARS),
        ChatText(text="To "),
        ChatText(text=STARS),
        call,
        END,
    ]


async def test_a_thought_and_the_reply_after_it_are_two_texts() -> None:
    heard = await hear(replace(asking("hi"), mask=True), ChatThought(text="a@exam"), ChatText(text="ple.com"))
    assert heard == [ChatThought(text="a@exam"), ChatText(text="*******"), END]
