"""Voices that groups made, in a real database."""

from collections.abc import Iterator

import pytest

from rhapsode.accounts.keys import Accounts
from rhapsode.core.caller import Caller
from rhapsode.core.errors import DuplicateVoice
from rhapsode.core.voice import Age, Gender, OwnKind, SavedBlend, Timbre, Voice, VoiceShare
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.voices.book import UNUSED_SECONDS, OwnVoices


def voice(voice_id: str) -> Voice:
    return Voice(
        id=voice_id,
        name_zh=voice_id,
        name_en=voice_id,
        language="en",
        gender=Gender.FEMALE,
        age=Age.OLD,
        style="calm, wise",
        timbre=Timbre(pitch=187.5, pitch_range=1.1, tract=0.92, tilt=-0.5, breath=0.2, pace=0.9),
    )


class Kept:
    """A book of two groups, and the time."""

    def __init__(self, url: str) -> None:
        self.now = 1_700_000_000.0
        self.database = open_database(url)
        migrate(self.database)
        accounts = Accounts(self.database, b"s" * 32)
        ids = [accounts.create_key(name).group_id for name in ("one", "other")]
        self.mine, self.theirs = (Caller(group_id=group_id, key_id="key-1") for group_id in ids)
        self.book = OwnVoices(self.database, clock=lambda: self.now)


@pytest.fixture
def kept(database_url: str) -> Iterator[Kept]:
    opened = Kept(database_url)
    yield opened
    opened.database.close()


async def test_what_is_kept_is_found_as_it_was_by_its_group_alone(kept: Kept) -> None:
    made = await kept.book.keep(kept.mine, voice("my-voice-1"), OwnKind.DESIGNED)
    assert (made.id, made.kind, made.created) == ("my-voice-1", OwnKind.DESIGNED, 1_700_000_000)
    assert await kept.book.find(kept.mine.group_id, "my-voice-1") == voice("my-voice-1")
    assert await kept.book.find(kept.theirs.group_id, "my-voice-1") is None
    assert await kept.book.find(kept.mine.group_id, "my-voice") is None


async def test_two_groups_may_call_theirs_the_same_and_one_may_not(kept: Kept) -> None:
    await kept.book.keep(kept.mine, voice("my-voice-1"), OwnKind.DESIGNED)
    await kept.book.keep(kept.theirs, voice("my-voice-1"), OwnKind.DESIGNED)
    with pytest.raises(DuplicateVoice, match="my-voice-1"):
        await kept.book.keep(kept.mine, voice("my-voice-1"), OwnKind.CLONED)


async def test_a_blend_is_found_with_its_shares(kept: Kept) -> None:
    blend = SavedBlend(
        id="duo-blend-1", shares=(VoiceShare(voice_id="a", weight=60), VoiceShare(voice_id="b", weight=0.5))
    )
    await kept.book.keep(kept.mine, blend, OwnKind.BLENDED)
    assert await kept.book.find(kept.mine.group_id, "duo-blend-1") == blend


async def test_is_listed_once_it_was_used(kept: Kept) -> None:
    await kept.book.keep(kept.mine, voice("my-voice-1"), OwnKind.CLONED, sample=b"d" * 32)
    assert await kept.book.list(kept.mine.group_id) == []
    await kept.book.find(kept.mine.group_id, "my-voice-1")
    (told,) = await kept.book.list(kept.mine.group_id)
    assert (told.id, told.description) == ("my-voice-1", "calm, wise")
    assert await kept.book.list(kept.theirs.group_id) == []


async def test_a_clone_that_is_never_used_expires_and_its_id_is_free_again(kept: Kept) -> None:
    for name in ("used-voice", "idle-voice"):
        await kept.book.keep(kept.mine, voice(name), OwnKind.CLONED)
    await kept.book.keep(kept.mine, voice("designed-voice"), OwnKind.DESIGNED)
    await kept.book.find(kept.mine.group_id, "used-voice")
    kept.now += UNUSED_SECONDS + 1
    assert await kept.book.find(kept.mine.group_id, "idle-voice") is None
    assert await kept.book.find(kept.mine.group_id, "used-voice") is not None
    assert await kept.book.find(kept.mine.group_id, "designed-voice") is not None
    await kept.book.keep(kept.mine, voice("idle-voice"), OwnKind.CLONED)
    assert await kept.book.find(kept.mine.group_id, "idle-voice") is not None


async def test_forgets_what_it_is_told_to(kept: Kept) -> None:
    await kept.book.keep(kept.mine, voice("my-voice-1"), OwnKind.DESIGNED)
    assert await kept.book.delete(kept.mine.group_id, "my-voice-1", OwnKind.CLONED) is None
    assert await kept.book.delete(kept.theirs.group_id, "my-voice-1", OwnKind.DESIGNED) is None
    gone = await kept.book.delete(kept.mine.group_id, "my-voice-1", OwnKind.DESIGNED)
    assert gone is not None
    assert gone.id == "my-voice-1"
    assert await kept.book.find(kept.mine.group_id, "my-voice-1") is None
