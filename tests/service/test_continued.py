import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import (
    Bot,
    ChatEnd,
    ChatEvent,
    ChatReply,
    ChatRequest,
    ChatText,
    ChatUsage,
    Finish,
    Sampling,
    collect,
)
from rhapsode.core.constraint import Gen, Glyph, Literal
from rhapsode.service.chat import ChatService
from rhapsode.service.continued import beyond

END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=1, reply_tokens=1))
TEXTS = st.text(min_size=1, max_size=9)


class Echo:
    """Says the literal that it is given, in pieces of one character, and then a mail address."""

    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        self.asked.append(request)
        match request.constraint:
            case Glyph(parts=(Literal(text=begun), Gen())):
                for character in f"{begun}ask li@example.com now":
                    yield ChatText(text=character)
                yield END
            case _:
                raise AssertionError(request.constraint)

    async def close(self) -> None:
        """Nothing is held."""


async def continued(*, mask: bool) -> ChatReply:
    engine = Echo()
    service = ChatService(routes={"m": [engine]}, base_model=lambda name: name)
    request = ChatRequest(
        model="m",
        bots=(Bot(name="B", description=""),),
        turns=(),
        reply_as="B",
        max_tokens=10,
        sampling=Sampling(temperature=1, top_p=1),
        begun="Please ",
        mask=mask,
    )
    reply = await collect(service.reply(request))
    assert not engine.asked[0].begun
    return reply


async def test_the_reply_goes_on_from_what_was_begun() -> None:
    assert (await continued(mask=False)).text == "ask li@example.com now"


async def test_a_continuation_is_masked_as_any_reply() -> None:
    assert (await continued(mask=True)).text == "ask ************** now"


async def said(pieces: list[str]) -> AsyncGenerator[ChatEvent]:
    for piece in pieces:
        yield ChatText(text=piece)
    yield replace(END, slots={"more": "what came"})


async def heard(begun: str, pieces: list[str]) -> list[ChatEvent]:
    return [event async for event in beyond(begun, said(pieces))]


@given(begun=TEXTS, more=st.text(max_size=9), data=st.data())
def test_what_was_begun_is_left_out_wherever_pieces_are_cut(begun: str, more: str, data: st.DataObject) -> None:
    whole = begun + more
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole)))))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True) if whole[start:end]]
    events = asyncio.run(heard(begun, pieces))
    assert events.pop() == END
    assert all(isinstance(event, ChatText) and event.text for event in events)
    assert "".join(event.text for event in events if isinstance(event, ChatText)) == more
