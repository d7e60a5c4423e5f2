"""A reply with what identifies people hidden in its text, and in what the model thought before it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from rhapsode.core.chat import ChatEvent, ChatText, ChatThought
from rhapsode.text.mask import Mask


async def masked(events: AsyncGenerator[ChatEvent]) -> AsyncGenerator[ChatEvent]:
    """The events with text and thoughts masked; a function call's arguments stay as they are. No text is empty."""
    of: type[ChatText | ChatThought] = ChatText
    mask = Mask()
    async with aclosing(events):
        async for event in events:
            kind = type(event)
            if kind is not of:
                if rest := mask.finish():
                    yield of(text=rest)
                mask = Mask()
            if isinstance(event, ChatText | ChatThought):
                of = type(event)
                if text := mask.feed(event.text):
                    yield of(text=text)
            else:
                yield event
