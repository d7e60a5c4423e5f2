"""The least that a server in front of the scripted engine can do: Starlette, one address, no key, no rule, no record.

    python benchmarks/cost_bare.py

Prints its port.
"""

import socket
import time
import uuid
from collections.abc import AsyncGenerator

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from rhapsode.core.chat import Bot, ChatRequest, ChatText, Role, Sampling, Turn
from rhapsode.engines.chat.scripted import ScriptedEngine

ENGINE_PIECES = 4
"""characters of a piece, as of the engine behind our server"""


class Message(msgspec.Struct):
    """What somebody said."""

    content: str


class Body(msgspec.Struct):
    """What is read of a call."""

    model: str
    messages: list[Message]
    max_tokens: int
    stream: bool = False


class Bare:
    """The application, around one engine."""

    def __init__(self) -> None:
        self._engine = ScriptedEngine(piece=ENGINE_PIECES)

    async def answer(self, request: Request) -> Response:
        """One call."""
        body = msgspec.json.decode(await request.body(), type=Body)
        asked = ChatRequest(
            model=body.model,
            bots=(Bot(name="", description=""),),
            turns=tuple(Turn(role=Role.USER, speaker="user", text=message.content) for message in body.messages),
            reply_as="",
            max_tokens=body.max_tokens,
            sampling=Sampling(temperature=1.0, top_p=1.0),
        )
        if body.stream:
            return StreamingResponse(self._events(asked), media_type="text/event-stream")
        text = "".join([event.text async for event in self._engine.reply(asked) if isinstance(event, ChatText)])
        return Response(msgspec.json.encode(_chunk(asked.model, "message", text)), media_type="application/json")

    async def _events(self, asked: ChatRequest) -> AsyncGenerator[bytes]:
        async for event in self._engine.reply(asked):
            if isinstance(event, ChatText):
                yield b"data: " + msgspec.json.encode(_chunk(asked.model, "delta", event.text)) + b"\n\n"
        yield b"data: [DONE]\n\n"


def _chunk(model: str, kind: str, text: str) -> dict[str, object]:
    return {
        "id": uuid.uuid4().hex,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, kind: {"role": "assistant", "content": text}, "finish_reason": None}],
    }


def main() -> None:
    """Serve until the process is ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    app = Starlette(routes=[Route("/v1/chat/completions", Bare().answer, methods=["POST"])])
    config = uvicorn.Config(
        app, http="httptools", loop="uvloop", log_config=None, access_log=False, lifespan="off", ws="none"
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
