"""The engines of this process, asked by others over a link."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TypeVar

import msgspec

from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.errors import EngineError
from rhapsode.core.speech import SpeechEngine
from rhapsode.engines.remote.messages import Embed, Reply, Speak, read_ask, read_request, write_event

EngineT = TypeVar("EngineT")

_encoder = msgspec.msgpack.Encoder()


class Engines:
    """Engines by their names."""

    def __init__(
        self,
        *,
        chat: Mapping[str, ChatEngine],
        speech: Mapping[str, SpeechEngine],
        embed: Mapping[str, EmbedEngine],
    ) -> None:
        self._chat, self._speech, self._embed = chat, speech, embed

    async def answer(self, body: bytes) -> AsyncGenerator[bytes]:
        """The items of an answer. Raises what the engine raises."""
        ask = read_ask(body)
        match ask:
            case Reply():
                async with aclosing(_found(self._chat, ask.engine).reply(read_request(ask))) as events:
                    async for event in events:
                        yield write_event(event)
            case Speak():
                async with aclosing(_found(self._speech, ask.engine).speak(ask.request)) as blocks:
                    async for block in blocks:
                        yield _encoder.encode(block)
            case Embed():
                yield _encoder.encode(await _found(self._embed, ask.engine).embed(ask.request))


def _found(engines: Mapping[str, EngineT], name: str) -> EngineT:
    if name not in engines:
        raise EngineError(f"the engine process has no engine {name[:80]!r}")
    return engines[name]
