"""What work is known to take before it is done, and what it has used so far: how each ability fills its account."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatUsage
from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import UnknownVoice
from rhapsode.core.limiter import Unit
from rhapsode.core.speech import SpeechAudio, SpeechEnd, SpeechEvent, SpeechRequest
from rhapsode.core.usage import Usage
from rhapsode.service.account import UNKNOWN_VOICE, Account, check_model
from rhapsode.service.chat import ChatService, Hear
from rhapsode.service.embed import EmbedService
from rhapsode.service.speech import SpeechService
from rhapsode.service.spoken_chat import SpokenAudio, SpokenChat
from rhapsode.text.count import billed

_MOST_OF_A_TOKEN: Final = 8
"""Characters. Tokens of common models come to 4 or 5 in English and to 1 or 2 in Chinese: the door asks for no more
than a call is known to take, and what it took beyond that is charged at its end."""

_NOTHING: Final = Usage()


async def admit_chat(
    account: Account, chat: ChatService, request: ChatRequest, voice: SpeechRequest | None = None
) -> Hear:
    """Let a reply in, and give who counts what is heard of it. Raises `UnknownModel`, and as `Account.admit`.

    `voice` is there where the reply is spoken.
    """
    known_as = chat.known_as(request.model)
    said = [*(bot.description for bot in request.bots), *(turn.text for turn in (*request.samples, *request.turns))]
    tally = _Tally(fewest_tokens(said))
    await account.admit(
        model=request.model,
        known_as="" if known_as == request.model else known_as,
        unit=Unit.TOKENS,
        amount=tally.prompt_tokens,
        voice=voices_of(voice) if voice else "",
        spoken_by=voice.model if voice else "",
    )
    account.follow(tally.so_far)
    return tally.hear


def fewest_tokens(texts: Sequence[str]) -> int:
    """How many tokens texts take at the very least."""
    return sum(map(len, texts)) // _MOST_OF_A_TOKEN + 1


def usage_of(told: ChatUsage) -> Usage:
    """The tokens, as the engine counted them."""
    return Usage(prompt_tokens=told.prompt_tokens, reply_tokens=told.reply_tokens, cached_tokens=told.cached_tokens)


async def admit_speech(account: Account, request: SpeechRequest) -> None:
    """Let a text in that is to be spoken. Raises as `Account.admit`."""
    await account.admit(
        model=request.model, unit=Unit.CHARACTERS, amount=billed(request.text), voice=voices_of(request)
    )


def voices_of(request: SpeechRequest) -> str:
    """Who speaks, as the ledger has it."""
    return "+".join([share.voice_id for share in request.voices])


async def heard(
    events: AsyncGenerator[SpeechEvent], request: SpeechRequest, account: Account
) -> AsyncGenerator[SpeechEvent]:
    """The same events; the account knows what was spoken."""
    last: SpeechAudio | None = None

    def so_far() -> Usage:
        if last is None:
            return _NOTHING
        return Usage(characters=billed(request.text[: last.spoken]), audio_ms=last.milliseconds)

    account.follow(so_far)
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, SpeechEnd):
                    account.use(Usage(characters=event.count.characters, audio_ms=event.milliseconds))
                else:
                    last = event
                yield event
    except UnknownVoice:
        account.cast(UNKNOWN_VOICE)
        raise


class MeteredEmbedding:
    """Turns texts into vectors on accounts."""

    def __init__(self, embed: EmbedService) -> None:
        self._embed = embed

    async def embed(self, request: EmbedRequest, account: Account) -> Embeddings:
        """As `EmbedService.embed`. Raises as `Account.admit`, too."""
        self._embed.check(request.model)
        await account.admit(model=request.model, unit=Unit.TOKENS, amount=fewest_tokens(request.texts))
        vectors = await self._embed.embed(request)
        account.use(Usage(prompt_tokens=vectors.tokens))
        return vectors


class MeteredSpeech:
    """Speaks on accounts."""

    def __init__(self, speech: SpeechService) -> None:
        self._speech = speech

    async def speak(self, request: SpeechRequest, account: Account) -> AsyncGenerator[SpeechEvent]:
        """Let the text in, and give the events of `SpeechService.speak`. Raises as `Account.admit`."""
        await admit_speech(account, request)
        return heard(self._speech.speak(request, account.caller), request, account)


class MeteredSpokenChat:
    """Replies aloud on accounts: tokens of the reply, and characters of what is spoken of it."""

    def __init__(self, chat: ChatService, spoken: SpokenChat) -> None:
        self._chat = chat
        self._spoken = spoken

    async def reply(
        self, request: ChatRequest, voice: SpeechRequest, account: Account
    ) -> AsyncGenerator[ChatEvent | SpokenAudio]:
        """Let the question in, by its tokens, and give the events of `SpokenChat.reply`. Raises as `Account.admit`."""
        check_model(account.caller, voice.model)
        hear = await admit_chat(account, self._chat, request, voice)
        return self._events(self._spoken.reply(request, voice, account.caller, hear), account)

    async def _events(
        self, events: AsyncGenerator[ChatEvent | SpokenAudio], account: Account
    ) -> AsyncGenerator[ChatEvent | SpokenAudio]:
        written, last = account.so_far, SpokenAudio(audio=b"", characters=0, milliseconds=0)

        def aloud(usage: Usage) -> Usage:
            return replace(usage, characters=last.characters, audio_ms=last.milliseconds)

        account.follow(lambda: aloud(written()))
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, SpokenAudio):
                        last = event
                    elif isinstance(event, ChatEnd):
                        account.use(aloud(usage_of(event.usage)))
                    yield event
        except UnknownVoice:
            account.cast(UNKNOWN_VOICE)
            raise


class _Tally:
    """What is heard of a reply: an event of an engine is a token or more."""

    def __init__(self, prompt_tokens: int) -> None:
        self.prompt_tokens = prompt_tokens
        self._heard = 0

    def hear(self, event: ChatEvent) -> None:
        if type(event) is not ChatEnd:
            self._heard += 1

    def so_far(self) -> Usage:
        return Usage(prompt_tokens=self.prompt_tokens, reply_tokens=self._heard) if self._heard else _NOTHING
