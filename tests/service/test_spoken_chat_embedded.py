"""The embedded model and the embedded voice, together in one stream."""

from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from rhapsode.audio.encode import open_encoder
from rhapsode.core.caller import Caller
from rhapsode.core.chat import ChatEnd, ChatText, Sampling
from rhapsode.core.speech import SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.registry import open_speech
from rhapsode.service.chat import ChatService
from rhapsode.service.speech import SpeechService
from rhapsode.service.spoken_chat import SpokenAudio, SpokenChat
from rhapsode.voices.catalogue import load_voices
from tests.listening import decode
from tests.service.saying import asking


@pytest.mark.xdist_group("llama")
async def test_the_first_sentence_is_heard_before_the_reply_is_written(llama: LlamaEngine, tmp_path: Path) -> None:
    voice = await open_speech("espeak", {}, voices=load_voices())
    try:
        spoken = SpokenChat(
            chat=ChatService(routes={"m": [llama]}, base_model=str),
            speech=SpeechService(engine=voice, open_encoder=open_encoder),
        )
        how = SpeechRequest(model="speech-01", script=(), voices=(VoiceShare(voice_id="female-yujie"),))
        request = replace(
            asking("Tell me a long story about the sea."), max_tokens=160, sampling=Sampling(temperature=0, top_p=1)
        )
        async with aclosing(spoken.reply(request, how, Caller(group_id="1", key_id="key-1"))) as events:
            heard = [event async for event in events]
    finally:
        await voice.close()
    kinds = [type(event) for event in heard]
    assert kinds[-1] is ChatEnd
    assert kinds.index(SpokenAudio) < len(kinds) - kinds[::-1].index(ChatText) - 1
    text = "".join(event.text for event in heard if isinstance(event, ChatText))
    sound, rate = decode(b"".join(event.audio for event in heard if isinstance(event, SpokenAudio)), tmp_path)
    assert len(sound) / rate > 0.03 * len(text)  # all of it is spoken: some 15 characters a second
