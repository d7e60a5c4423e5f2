"""One reply's slots as they are filled, one completion each, and the tokens that are left for them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from rhapsode.core.chat import ChatUsage, Finish
from rhapsode.core.errors import PromptTooLong
from rhapsode.engines.chat.constrain.continuation import Continuation, Step
from rhapsode.engines.chat.constrain.slot import Slot
from rhapsode.engines.chat.constrain.track import Track

_FIRST_CHARACTER: Final = 4
"""tokens that may come before the last one of the first character: a blank, and bytes of it"""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Tokens for one slot. Past `fair`, it ends where it may; past `most`, it ends."""

    fair: int
    most: int


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a slot holds, `came` being all that the model wrote.

    `cut`: by a limit. Not `whole`: by a limit that is not its own, and where it may not end.
    """

    text: str
    came: str
    whole: bool
    cut: bool


class Filling:
    """`left` tokens may still be written. `full`: the model's context is, and nothing can be written any more."""

    def __init__(self, continuation: Continuation, *, max_tokens: int) -> None:
        self._continue = continuation
        self.left = self._all = max_tokens
        self.full = False
        self.filled = Filled(text="", came="", whole=True, cut=False)
        """the last slot"""
        self._prompt_tokens = 0
        self._cached_tokens: int | None = None

    def share(self, need: int, *, later: int, reserved: int) -> Share:
        """For a slot that takes about `need` tokens, where all after it take about `later`, and `reserved` at least.

        It gets all that is left beside what the others are likely to need, or its part of too little.
        """
        most = max(1, self.left - reserved)
        fair = max(self.left * need // (need + later), self.left - later) if later else self.left
        return Share(fair=min(max(1, fair), most), most=most)

    async def fill(self, begun: str, slot: Slot, share: Share) -> Filled:
        """The next slot, `begun` being the reply before it. Raises what the continuation raises."""
        async with aclosing(self.watch(begun, slot, share)) as pieces:
            async for _ in pieces:
                pass
        return self.filled

    async def watch(self, begun: str, slot: Slot, share: Share) -> AsyncGenerator[str]:
        """What the slot is sure to hold as it comes, where it is open-ended. Then `filled` is all that it holds."""
        # A blank at the end would be a token of its own, where the model has learned tokens that begin with one.
        lead = " " if begun.endswith(" ") else ""
        track = Track(slot, lead=lead)
        most = min(share.most, slot.max_tokens or share.most)
        # A slot's own limit counts from its first character on, or it might hold a blank and nothing else.
        spare = min(_FIRST_CHARACTER, share.most - most)
        grammar = await asyncio.to_thread(slot.grammar, lead)
        step = Step(grammar=grammar, temperature=slot.temperature, max_tokens=most + spare, free=slot.free)
        finish: Finish | None = None
        tokens = shown = idle = 0
        try:
            async with aclosing(self._continue(begun.removesuffix(lead), step)) as pieces:
                async for piece in pieces:
                    tokens, finish = piece.tokens, piece.finish
                    self._count(piece.prompt_tokens, piece.cached_tokens)
                    track.feed(piece.text)
                    idle = idle if track.came else min(tokens, spare)
                    if slot.open_ended and (more := track.text()[shown:]):
                        shown += len(more)
                        yield more
                    if track.ended or (tokens >= share.fair and track.can_be_cut):
                        break
                    if spare and track.came and tokens - idle >= most:
                        break
        except PromptTooLong:
            if self._cached_tokens is None:  # the conversation itself is
                raise
            finish = Finish.CONTEXT
        self.left -= min(tokens, self.left)
        self.full = finish is Finish.CONTEXT
        ended = track.ended or finish is Finish.STOP
        by_itself = slot.max_tokens is not None and slot.max_tokens == most and not self.full
        whole = ended or by_itself or track.can_be_cut
        self.filled = Filled(text=track.text(), came=track.came, whole=whole, cut=not ended)

    def usage(self) -> ChatUsage:
        """What was given to the reply counts as prompt, what was written in it as reply."""
        written = self._all - self.left
        return ChatUsage(
            prompt_tokens=self._prompt_tokens, reply_tokens=written, cached_tokens=self._cached_tokens or 0
        )

    def _count(self, prompt_tokens: int, cached_tokens: int) -> None:
        self._prompt_tokens = max(self._prompt_tokens, prompt_tokens - (self._all - self.left))
        if self._cached_tokens is None:
            self._cached_tokens = cached_tokens
