"""A glyph as a reply: its literal text as it stands, its slots one after the other."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatText, Finish
from rhapsode.core.constraint import Gen, Glyph, Literal, Select
from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain.automaton import MOST_WORK
from rhapsode.engines.chat.constrain.continuation import Continuation
from rhapsode.engines.chat.constrain.filling import Filling
from rhapsode.engines.chat.constrain.slot import Slot, slot_of

FIELD: Final = "reply_constraints.glyph.raw_glyph"
"""where the only dialect that has glyphs holds them"""

Prepared = Sequence[tuple[str, Slot | str]]
"""A slot with its name, or a literal text with no name."""


def prepare_glyph(glyph: Glyph) -> Prepared:
    """What `write_glyph` needs. Takes up to two seconds. Raises `InvalidField`."""
    prepared: list[tuple[str, Slot | str]] = []
    work = 0
    for part, after in zip(glyph.parts, (*glyph.parts[1:], None), strict=True):
        match part:
            case Literal():
                prepared.append(("", part.text))
            case Gen() | Select():
                text = after.text if isinstance(after, Literal) else ""
                slot = slot_of(part, after=text, field=FIELD)
                work += slot.work
                if work > MOST_WORK:
                    raise InvalidField(FIELD, "its slots are too large to be enforced together")
                prepared.append((part.name, slot))
    return prepared


async def write_glyph(prepared: Prepared, continuation: Continuation, *, max_tokens: int) -> AsyncGenerator[ChatEvent]:
    """The reply. Literal text costs nothing of `max_tokens`, which the slots share.

    Where they do not suffice, the last slot is cut as any reply is. If what came may stand in it, the reply has the
    form of the glyph all the same; if not, or if nothing is left for the slots that follow, the reply ends there.
    """
    filling = Filling(continuation, max_tokens=max_tokens)
    needs = [slot.need for _, slot in prepared if isinstance(slot, Slot)]
    slots: dict[str, str] = {}
    text = ""
    finish = Finish.STOP
    for name, part in prepared:
        if isinstance(part, str):
            text += part
            if part:
                yield ChatText(text=part)
            continue
        need = needs.pop(0)
        if not filling.left or filling.full:
            finish = Finish.CONTEXT if filling.full else Finish.LENGTH
            break
        share = filling.share(need, later=sum(needs), reserved=len(needs))
        shown = 0
        async with aclosing(filling.watch(text, part, share)) as pieces:
            async for piece in pieces:
                shown += len(piece)
                yield ChatText(text=piece)
        filled = filling.filled
        slots[name] = filled.text
        text += filled.text
        if len(filled.text) > shown:
            yield ChatText(text=filled.text[shown:])
        if filled.cut and (filling.full or not filling.left or not filled.whole):
            finish = Finish.CONTEXT if filling.full else Finish.LENGTH
        if not filled.whole:
            break
    yield ChatEnd(finish=finish, usage=filling.usage(), slots=slots)
