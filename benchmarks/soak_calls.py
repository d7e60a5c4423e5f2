"""Calls of conversation and speech that the soak makes, each of which knows whether its answer was right."""

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

import aiohttp

Session = aiohttp.ClientSession

TEXTS = (
    "今天早上天气很好，我们一家人决定去城外的公园散步。",
    "The meeting is at 3:45 pm on May 5th, and it costs $12.50.",
    "她说：你好！很高兴认识你，我的电话是13800138000。",
)
VOICES = ("male-qn-qingse", "female-shaonv", "presenter_male", "audiobook_female_1")
REFUSED = {"soak": "refused"}
"""the query of a request that is refused before any work is done for it, so that the ledger knows nothing of it"""
STORY = "北风和太阳正在争论谁比较有本事。他们看见一个穿着厚大衣的人走过来。" * 12


class WrongAnswer(Exception):
    """What came is not what should."""


def need(condition: object, what: str) -> None:
    """Raise unless it is true."""
    if not condition:
        raise WrongAnswer(what)


async def post(session: Session, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """A JSON answer that says that all is well."""
    async with session.post(path, json=body) as answer:
        told = await answer.json(content_type=None)
        need(answer.status == 200, f"{path}: HTTP {answer.status} {told}")
        need(told.get("base_resp", {}).get("status_code", 0) == 0, f"{path}: {told.get('base_resp')}")
        return told


async def get(session: Session, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON
    """The same."""
    async with session.get(path, params=query) as answer:
        told = await answer.json(content_type=None)
        need(answer.status == 200, f"{path}: HTTP {answer.status} {told}")
        need(told.get("base_resp", {}).get("status_code", 0) == 0, f"{path}: {told.get('base_resp')}")
        return told


async def events(session: Session, path: str, body: Mapping[str, Any]) -> list[Any]:
    """The events of a stream, decoded."""
    async with session.post(path, json={**body, "stream": True}) as answer:
        need(answer.status == 200, f"{path}: HTTP {answer.status}")
        lines = [line async for line in answer.content if line.startswith(b"data: ")]
    told = [json.loads(line[6:]) for line in lines if line.strip() != b"data: [DONE]"]
    need(told, f"{path}: an empty stream")
    for event in told:
        status: Any = event.get("base_resp") or {"status_code": 0}
        need(status["status_code"] == 0, f"{path}: {status}")
        need("error" not in event, f"{path}: {event}")
    return told


def pro(**more: object) -> dict[str, Any]:
    """A body of ChatCompletion Pro."""
    return {
        "model": "abab5.5-chat",
        "tokens_to_generate": 24,
        "messages": [{"sender_type": "USER", "sender_name": "Li", "text": random.choice(TEXTS)}],
        "bot_setting": [{"bot_name": "Guide", "content": "Guide answers briefly."}],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "Guide"},
        **more,
    }


def messages(**more: object) -> dict[str, Any]:
    """A body of the dialects that have messages with roles."""
    content = random.choice(TEXTS)
    return {"model": "abab6.5s-chat", "max_tokens": 24, "messages": [{"role": "user", "content": content}], **more}


def speech(**more: object) -> dict[str, Any]:
    """A body of T2A."""
    return {"model": "speech-01", "text": random.choice(TEXTS), "voice_id": random.choice(VOICES), **more}


def speech_v2(**more: object) -> dict[str, Any]:
    """A body of T2A v2."""
    voice = {"voice_id": random.choice(VOICES)}
    return {"model": "speech-02-hd", "text": random.choice(TEXTS), "voice_setting": voice, **more}


async def chat_pro(session: Session) -> None:
    """Whole, and with a glyph."""
    need((await post(session, "/v1/text/chatcompletion_pro", pro()))["reply"], "a blank reply")
    glyph = {"type": "raw", "raw_glyph": "mood: {{select 'mood' options=['good','bad']}}"}
    asked = pro()
    asked["reply_constraints"]["glyph"] = glyph
    need((await post(session, "/v1/text/chatcompletion_pro", asked))["reply"][:6] == "mood: ", "no glyph")


async def chat_streams(session: Session) -> None:
    """Every dialect's."""
    told = await events(session, "/v1/text/chatcompletion_pro", pro())
    need(told[-1]["usage"]["total_tokens"] > 0, "no usage")
    await events(session, "/v1/text/chatcompletion_v2", messages())
    need((await events(session, "/v1/chat/completions", messages()))[-1]["choices"], "no choices")


async def chat_older(session: Session) -> None:
    """The first interface, and v2 whole."""
    asked = {
        "model": "abab5.5-chat",
        "prompt": "A guide.",
        "role_meta": {"user_name": "Li", "bot_name": "Guide"},
        "messages": [{"sender_type": "USER", "text": "Hello"}],
        "tokens_to_generate": 16,
    }
    need((await post(session, "/v1/text/chatcompletion", asked))["reply"], "a blank reply")
    need((await post(session, "/v1/text/chatcompletion_v2", messages()))["choices"], "no choices")


async def chat_aloud(session: Session) -> None:
    """Text and sound in one stream."""
    told = await events(
        session,
        "/v1/text/chatcompletion_v2",
        messages(
            stream_options={"speech_output": True},
            voice_setting={"model": "speech-01-turbo", "voice_id": "female-shaonv"},
        ),
    )
    need(any("audio_content" in json.dumps(event) for event in told), "no sound")


async def openai(session: Session) -> None:
    """Chat, models, vectors and speech in OpenAI's shape."""
    need((await post(session, "/v1/chat/completions", messages()))["choices"][0]["message"]["content"], "blank")
    need((await get(session, "/v1/models"))["data"], "no models")
    need((await get(session, "/v1/models/abab6.5s-chat"))["id"], "no model")
    need((await post(session, "/v1/embeddings", {"model": "embo-01", "input": ["sea"]}))["data"], "no vectors")
    need((await post(session, "/v1/embeddings", {"model": "embo-01", "texts": ["sea"], "type": "db"}))["vectors"], "-")
    async with session.post("/v1/audio/speech", json={"model": "tts-1", "voice": "alloy", "input": "Hello"}) as answer:
        need(answer.status == 200 and len(await answer.read()) > 1000, "no sound")


async def speech_whole(session: Session) -> None:
    """The first interface, Pro with its links, and v2 in hex."""
    blend = [{"voice_id": voice, "weight": weight} for voice, weight in zip(VOICES, (1, 2, 3, 4), strict=True)]
    async with session.post("/v1/text_to_speech", json={**speech(), "voice_id": "", "timber_weights": blend}) as answer:
        need(answer.content_type == "audio/mpeg" and len(await answer.read()) > 1000, "no sound")
    told = await post(session, "/v1/t2a_pro", speech())
    async with session.get(told["audio_file"], headers={"Authorization": ""}) as answer:
        need(answer.status == 200 and len(await answer.read()) > 1000, "no file behind the link")
    need((await post(session, "/v1/t2a_v2", speech_v2(emotion="happy")))["data"]["audio"], "no sound")


async def speech_streams(session: Session) -> None:
    """Both."""
    need((await events(session, "/v1/t2a_v2", speech_v2()))[-1]["data"]["status"] == 2, "no end")
    await events(session, "/v1/tts/stream", speech())


async def speech_left(session: Session) -> None:
    """A listener who leaves after the first sound, and takes a breath: his place is his until that is felt."""
    async with session.post("/v1/t2a_v2", json=speech_v2(text=STORY, stream=True)) as answer:
        need(answer.status == 200, f"HTTP {answer.status}")
        first = await answer.content.readline()
        need(first.startswith(b"data: ") and json.loads(first[6:])["data"]["audio"], f"no sound: {first[:200]!r}")
    await asyncio.sleep(1)


async def socket(session: Session) -> None:
    """T2A over a WebSocket."""
    start = {"event": "task_start", "model": "speech-01-turbo", "voice_setting": {"voice_id": VOICES[0]}}
    async with session.ws_connect("/ws/v1/t2a_v2") as line:
        await line.send_json(start)
        await line.send_json({"event": "task_continue", "text": random.choice(TEXTS)})
        await line.send_json({"event": "task_finish"})
        told = [json.loads(frame.data) async for frame in line if frame.type is aiohttp.WSMsgType.TEXT]
    need([event for event in told if event.get("data", {}).get("audio")], f"no sound: {told[-1:]}")
    need(told[-1]["event"] == "task_finished", f"no end: {told[-1]}")
