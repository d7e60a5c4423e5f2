"""A reply that goes on with words that the caller has already: they are asked for again, and left out."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatText
from rhapsode.core.constraint import Gen, Glyph, Literal


def from_the_beginning(request: ChatRequest) -> ChatRequest:
    """The request for the whole reply: what was begun as it is, and what the model adds to it."""
    glyph = Glyph(parts=(Literal(text=request.begun), Gen(name="more")))
    return replace(request, begun="", constraint=glyph)


async def beyond(begun: str, events: AsyncGenerator[ChatEvent]) -> AsyncGenerator[ChatEvent]:
    """The events of a reply that begins with `begun`, without it."""
    known = len(begun)
    async with aclosing(events):
        async for event in events:
            if known and isinstance(event, ChatText):
                text = event.text[known:]
                known -= min(known, len(event.text))
                if text:
                    yield ChatText(text=text)
            else:
                # The slot is how it was asked for, and nothing that the caller has named.
                yield replace(event, slots={}) if isinstance(event, ChatEnd) else event
