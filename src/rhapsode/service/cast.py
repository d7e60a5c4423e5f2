"""Who speaks: the voices that a caller named, looked up among the engine's and among the caller's own."""

from collections.abc import Sequence
from dataclasses import replace

from rhapsode.core.caller import Caller
from rhapsode.core.errors import DuplicateVoice, UnknownVoice
from rhapsode.core.voice import OwnVoice, SavedBlend, Voice, VoiceBook, VoiceShare


class Cast:
    """Looks voices up. A blend that was saved stands for its shares, each by its part of the blend's weight."""

    def __init__(self, voices: Sequence[Voice], book: VoiceBook | None = None) -> None:
        """`voices` are everybody's."""
        self._book = book
        self._voices = {voice.id.rstrip(): voice for voice in voices} | {voice.id: voice for voice in voices}

    def refuse_taken(self, voice_id: str) -> None:
        """Raise `DuplicateVoice` where the id is one of everybody's voices."""
        if voice_id in self._voices:
            raise DuplicateVoice(voice_id)

    async def own(self, caller: Caller) -> Sequence[OwnVoice]:
        """What the caller's group has made and used. Raises `StorageError`."""
        return () if self._book is None else await self._book.list(caller.group_id)

    async def find(self, shares: tuple[VoiceShare, ...], caller: Caller) -> tuple[VoiceShare, ...]:
        """The shares with their voices. Raises `UnknownVoice`, `StorageError`."""
        return tuple([found for share in shares for found in await self._share(share, caller)])

    async def _share(self, share: VoiceShare, caller: Caller) -> tuple[VoiceShare, ...]:
        if share.voice is not None:
            return (share,)
        # Exact strings, but for a blank at the end, which vendors' lists have.
        known = self._voices.get(share.voice_id) or self._voices.get(share.voice_id.rstrip())
        if known is None and self._book is not None:
            known = await self._book.find(caller.group_id, share.voice_id)
        match known:
            case Voice():
                return (replace(share, voice_id=known.id, voice=known),)
            case SavedBlend():
                total = sum(part.weight for part in known.shares)
                parts = (
                    replace(part, weight=share.weight * part.weight / total, field=share.field) for part in known.shares
                )
                return tuple([found for part in parts for found in await self._share(part, caller)])
            case None:
                raise UnknownVoice(share.field, share.voice_id)
