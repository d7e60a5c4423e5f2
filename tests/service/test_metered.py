"""What work is known to take before it is done, and what it has used by the time it ends."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from rhapsode.audio.encode import open_encoder
from rhapsode.core.chat import ChatText
from rhapsode.core.embedding import EmbedRequest
from rhapsode.core.errors import Forbidden, UnknownModel
from rhapsode.core.limiter import Unit
from rhapsode.core.speech import SpeechAudio, SpeechRequest
from rhapsode.core.usage import Outcome, Usage
from rhapsode.core.voice import VoiceShare
from rhapsode.engines.embed.scripted import ScriptedEmbedEngine
from rhapsode.engines.speech.tone import ToneEngine
from rhapsode.service.account import Account
from rhapsode.service.chat import ChatService
from rhapsode.service.embed import EmbedService
from rhapsode.service.metered import MeteredEmbedding, MeteredSpeech, MeteredSpokenChat, fewest_tokens
from rhapsode.service.speech import SpeechService
from rhapsode.service.spoken_chat import SpokenChat
from rhapsode.text.count import billed, count
from rhapsode.voices.catalogue import load_voices
from tests.server.desk import Doorkeeper
from tests.server.kept import Kept, meter
from tests.server.test_boundary import CALLER
from tests.service.saying import Says, asking

SPEECH = SpeechService(engine=ToneEngine(load_voices()), open_encoder=open_encoder)
VOICES = (VoiceShare(voice_id="female-yujie"), VoiceShare(voice_id="male-qn-jingying"))
ASKED = SpeechRequest(model="speech-01", script=("春眠不觉晓，处处闻啼鸟。" * 20,), voices=VOICES)


def account(kept: Kept, door: Doorkeeper | None = None) -> Account:
    return Account(meter(kept, door), "call", "/", CALLER)


@pytest.mark.parametrize("text", ["", "plain", "你好，world.", "𠀀 é\u3005"])
def test_what_is_billed_is_what_is_counted(text: str) -> None:
    assert billed(text) == count(text).characters


def test_a_prompt_takes_a_token_at_the_least() -> None:
    assert [fewest_tokens(texts) for texts in ([], [""], ["x" * 8, "x" * 9])] == [1, 1, 3]


async def test_speech_is_let_in_by_its_characters() -> None:
    kept, door = Kept(), Doorkeeper()
    opened = account(kept, door)
    async with aclosing(await MeteredSpeech(SPEECH).speak(ASKED, opened)) as events:
        async for _ in events:
            assert not kept.rows
    await opened.complete()
    assert door.seen == [("speech-01", Unit.CHARACTERS, 440)]
    assert door.settled == [440]
    row = kept.row
    assert (row.voice, row.usage.characters, row.cost) == ("female-yujie+male-qn-jingying", 440, 44000)
    assert row.usage.audio_ms > 10_000


async def test_who_leaves_pays_for_what_was_begun() -> None:
    kept = Kept()
    shared = meter(kept)
    opened = Account(shared, "call", "/", CALLER)
    heard: list[SpeechAudio] = []
    async with aclosing(await MeteredSpeech(SPEECH).speak(ASKED, opened)) as events:
        async for event in events:
            assert isinstance(event, SpeechAudio)
            heard.append(event)
            if event.milliseconds > 1000:
                break
    opened.leave()
    await shared.finish()
    row = kept.row
    assert row.outcome is Outcome.LEFT
    assert row.usage == Usage(characters=billed(ASKED.text[: heard[-1].spoken]), audio_ms=heard[-1].milliseconds)
    assert 0 < row.usage.characters < 440


async def test_a_spoken_reply_has_tokens_and_characters_each_at_its_own_price() -> None:
    kept, door = Kept(), Doorkeeper()
    chat = ChatService(routes={"m": [Says(ChatText(text="**你好**！"), ChatText(text="Good *day*."))]}, base_model=str)
    spoken = MeteredSpokenChat(chat, SpokenChat(chat=chat, speech=SPEECH))
    opened = account(kept, door)
    voice = replace(ASKED, script=())
    async with aclosing(await spoken.reply(asking("hi"), voice, opened)) as events:
        async for _ in events:
            pass
    await opened.complete()
    row = kept.row
    assert (row.usage.prompt_tokens, row.usage.reply_tokens, row.usage.characters) == (1, 1, billed("你好！Good day."))
    assert row.usage.audio_ms > 1000
    assert row.cost == 10 * 2 + 100 * row.usage.characters
    assert (row.model, row.voice) == ("m", "female-yujie+male-qn-jingying")
    assert (row.spoken_by, row.spoken_cost) == ("speech-01", 100 * row.usage.characters)
    assert door.seen == [("speech-01", Unit.CHARACTERS, 0), ("m", Unit.TOKENS, 1)]
    assert door.settled == [2, row.usage.characters]


async def test_a_key_that_is_not_for_the_voices_model_hears_no_reply() -> None:
    chat = ChatService(routes={"m": [Says()]}, base_model=str)
    spoken = MeteredSpokenChat(chat, SpokenChat(chat=chat, speech=SPEECH))
    narrow = Account(meter(), "call", "/", replace(CALLER, models=frozenset({"m"})))
    with pytest.raises(Forbidden, match="speech-01"):
        await spoken.reply(asking("hi"), replace(ASKED, script=()), narrow)


async def test_vectors_are_let_in_by_their_tokens() -> None:
    kept, door = Kept(), Doorkeeper()
    embed = MeteredEmbedding(EmbedService(routes={"m": [ScriptedEmbedEngine()]}))
    opened = account(kept, door)
    vectors = await embed.embed(EmbedRequest(model="m", texts=("x" * 16, "y")), opened)
    await opened.complete()
    assert door.seen == [("m", Unit.TOKENS, 3)]
    assert kept.row.usage == Usage(prompt_tokens=vectors.tokens)
    with pytest.raises(UnknownModel):
        await embed.embed(EmbedRequest(model="x", texts=("x",)), account(kept, door))
    assert len(door.seen) == 1


async def test_names_are_kept_as_far_as_a_database_keeps_them() -> None:
    kept = Kept()
    opened = account(kept)
    await opened.admit(model="ft:m_1:\0" + "x" * 200, known_as="m", unit=Unit.TOKENS, amount=1, voice="v\0" * 200)
    await opened.complete()
    assert (len(kept.row.model), len(kept.row.voice)) == (128, 256)
    assert "\0" not in kept.row.model + kept.row.voice
