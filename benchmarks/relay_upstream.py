"""The server that relays are measured against: constant answers, in both dialects, by aiohttp's server.

    python benchmarks/relay_upstream.py CHUNKS

Prints its port. `/v1/...` sends all chunks of a stream one after the other, `/apart/v1/...` lets the event loop turn
between two of them, so that each goes out by itself, as a model's tokens do.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import uvloop
from aiohttp import web

from rhapsode.core.chat import Bot, ChatEnd, ChatReply, ChatRequest, ChatText, ChatUsage, Finish, Sampling
from rhapsode.dialects.minimax import chat_pro_reply
from rhapsode.dialects.minimax.chat_pro import ProCall
from rhapsode.dialects.stamp import Stamp

REPLY = "The quick brown fox jumps over the lazy dog."
PIECE = " token"
_STAMP = Stamp(trace_id="0f0e0d0c0b0a09080706050403020100", created=1700000000)


def pro(chunks: int) -> tuple[bytes, list[bytes], list[bytes]]:
    """ChatCompletion Pro: a whole answer, the same as a stream, and a stream of so many chunks."""
    asked = ProCall(
        request=ChatRequest(
            model="abab6.5s-chat",
            bots=(Bot(name="Helper", description=""),),
            turns=(),
            reply_as="Helper",
            max_tokens=256,
            sampling=Sampling(temperature=0.9, top_p=0.95),
        ),
        stream=True,
    )
    end = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=20, reply_tokens=10))

    def stream(pieces: Sequence[str]) -> list[bytes]:
        writer = chat_pro_reply.StreamWriter(asked, _STAMP)
        return [writer.write_event(event) for event in (*(ChatText(text=piece) for piece in pieces), end)]

    whole = chat_pro_reply.write_reply(asked, ChatReply(text=REPLY, end=end), _STAMP)
    return whole, stream([REPLY]), stream(["Some", *[PIECE] * (chunks - 1)])


def openai(chunks: int) -> tuple[bytes, list[bytes], list[bytes]]:
    """The OpenAI dialect, as vLLM writes it."""
    usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    head = {"id": "chatcmpl-1", "created": 1700000000, "model": "bench"}

    def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _frame({**head, "object": "chat.completion.chunk", "choices": [choice]})

    def stream(pieces: Sequence[str]) -> list[bytes]:
        counted = _frame({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        texts = [chunk({"content": piece}) for piece in pieces]
        return [chunk({"role": "assistant"}), *texts, chunk({}, "stop"), counted, b"data: [DONE]\n\n"]

    message = {"role": "assistant", "content": REPLY}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = json.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()
    return whole, stream([REPLY]), stream(["Some", *[PIECE] * (chunks - 1)])


def _frame(event: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"


class Upstream:
    """A request with `"stream": true` gets a stream, and one that says `many` a long one."""

    def __init__(self, chunks: int) -> None:
        self._answers = {"chatcompletion_pro": pro(chunks), "completions": openai(chunks)}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        asked = msgspec.json.decode(body)
        whole, short, long = self._answers[request.path.rpartition("/")[2]]
        if not asked.get("stream"):
            return web.Response(body=whole, content_type="application/json")
        apart = request.path.startswith("/apart")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for frame in long if b"many" in body else short:
            await response.write(frame)
            if apart:
                await asyncio.sleep(0)
        await response.write_eof()
        return response


async def main(chunks: int) -> None:
    """Serve until the process is ended."""
    app = web.Application()
    app.router.add_post("/{path:.*}", Upstream(chunks).answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    await web.SockSite(runner, listener).start()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
