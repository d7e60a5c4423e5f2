"""A blend of voices put on the shelf under an id, from there on a voice like any other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from rhapsode.core.caller import Caller
from rhapsode.core.voice import OwnKind, OwnVoice, SavedBlend, Voice, VoiceShare
from rhapsode.service.cast import Cast


class Shelf(Protocol):
    """Where callers' own voices are kept."""

    async def keep(
        self, caller: Caller, made: Voice | SavedBlend, kind: OwnKind, *, sample: bytes | None = None
    ) -> OwnVoice:
        """A new voice of the caller's group. `sample`: the digest of the recording that it was measured from.

        Raises `DuplicateVoice`.
        """
        ...

    async def delete(self, group_id: str, voice_id: str, kind: OwnKind) -> OwnVoice | None:
        """What was forgotten; None where there was nothing of this id and kind."""
        ...


async def save_blend(
    voice_id: str, shares: Sequence[VoiceShare], *, cast: Cast, shelf: Shelf, caller: Caller
) -> OwnVoice:
    """Keep a blend of voices that exist. A blend among them stands for its own voices, so that none holds itself.

    Raises `UnknownVoice`, `DuplicateVoice`.
    """
    cast.refuse_taken(voice_id)
    known = await cast.find(tuple(shares), caller)
    blend = SavedBlend(id=voice_id, shares=tuple(replace(share, voice=None) for share in known))
    return await shelf.keep(caller, blend, OwnKind.BLENDED)
