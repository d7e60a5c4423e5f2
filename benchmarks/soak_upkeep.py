"""More calls that the soak makes: voices, files and long texts by every address, and what administrators do."""

import asyncio
import base64
import io
import json
import random
import wave
import zipfile
from typing import Any

import aiohttp
from soak_calls import REFUSED, STORY, TEXTS, VOICES, Session, get, need, post, speech_v2


async def long_texts(session: Session) -> None:
    """A task of each interface, until it has ended, and its file, by a link and by the key."""
    made = await post(session, "/v1/t2a_async_v2", speech_v2(text=STORY))
    told = await _ended(session, "/v1/query/t2a_async_query_v2", made["task_id"])
    found = await get(session, "/v1/files/retrieve", file_id=told["file_id"])
    need(found["file"]["bytes"] > 1000, "no file")
    async with session.get(found["file"]["download_url"], headers={"Authorization": ""}) as answer:
        need(answer.status == 200 and len(await answer.read()) > 1000, "no file behind the link")
    form = aiohttp.FormData({"model": "speech-01", "voice_id": random.choice(VOICES)})
    form.add_field("text", _zipped("1.txt", random.choice(TEXTS)), filename="texts.zip")
    async with session.post("/v1/t2a_async", data=form) as answer:
        made = await answer.json(content_type=None)
    need(made["base_resp"]["status_code"] == 0, f"no task: {made}")
    path = random.choice(("/query/t2a_async_query", "/v1/query/t2a_async_query"))
    told = await _ended(session, path, made["task_id"])
    async with session.get("/v1/files/retrieve_content", params={"file_id": told["file_id"]}) as answer:
        need(answer.status == 200 and len(await answer.read()) > 1000, "no file behind the key")


async def _ended(session: Session, path: str, task_id: int) -> dict[str, Any]:
    while (told := await get(session, path, task_id=task_id))["status"] != "Success":
        need(told["status"] == "Processing", f"the task ended as {told['status']}")
        await asyncio.sleep(0.5)
    return told


def _zipped(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()


async def files(session: Session) -> None:
    """A file's life by the platform's addresses and by the older ones; a voice that is cloned from it."""
    async with session.post("/v1/t2a_v2", json=speech_v2(text=STORY[:150], audio_setting={"format": "pcm"})) as answer:
        samples = bytes.fromhex((await answer.json())["data"]["audio"])
    file_id = await _upload(session, "/v1/files/upload", samples)
    voice = f"soak{random.getrandbits(40):x}"
    await post(session, "/v1/voice_clone", {"file_id": file_id, "voice_id": voice})
    await post(session, "/v1/t2a_v2", speech_v2(voice_setting={"voice_id": voice}))
    need((await post(session, "/v1/get_voice", {"voice_type": "all"}))["system_voice"], "no voices")
    await post(session, "/v1/delete_voice", {"voice_type": "voice_cloning", "voice_id": voice})
    need(await get(session, "/v1/files/list", purpose="voice_clone"), "no list")
    await post(session, "/v1/files/delete", {"file_id": file_id, "purpose": "voice_clone"})
    other = await _upload(session, "/v1/files", samples)
    need((await get(session, "/v1/files", file_id=other))["file"]["file_id"] == other, "another file")
    async with session.delete("/v1/files", params={"file_id": other}) as answer:
        need((await answer.json())["base_resp"]["status_code"] == 0, "not deleted")


async def _upload(session: Session, path: str, samples: bytes) -> int:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(32000)
        writer.writeframes(samples)
    form = aiohttp.FormData({"purpose": "voice_clone"})
    form.add_field("file", sound.getvalue(), filename="voice.wav")
    async with session.post(path, data=form) as answer:
        told = await answer.json()
    need(told["base_resp"]["status_code"] == 0, f"not kept: {told}")
    file_id: int = told["file"]["file_id"]
    return file_id


async def voices(session: Session) -> None:
    """Voices that are described, and one that is mixed and kept, and goes."""
    text = random.choice(TEXTS)
    need((await post(session, "/v1/voice_design", {"prompt": "old man, calm", "preview_text": text}))["voice_id"], "-")
    asked = {"gender": "male", "age": "old", "voice_desc": ["Calm"], "text": text}
    need((await post(session, "/v1/text2voice", asked))["voice_id"], "no voice")
    voice = f"soak{random.getrandbits(40):x}"
    weights = [{"voice_id": VOICES[0], "weight": 1}, {"voice_id": VOICES[1], "weight": 2}]
    await post(session, "/v1/voice_blend", {"voice_id": voice, "timber_weights": weights})
    await post(session, "/v1/t2a_v2", speech_v2(voice_setting={"voice_id": voice}))
    await post(session, "/v1/delete_voice", {"voice_type": "voice_blend", "voice_id": voice})


async def administration(session: Session, admin_key: str) -> None:
    """A team's life, what it used, and the figures; and whether the server is well, without a key."""

    async def ask(method: str, path: str, body: object = None, **query: str) -> Any:  # noqa: ANN401 - JSON
        headers = {"Authorization": f"Bearer {admin_key}"}
        async with session.request(method, f"/v1/admin/{path}", json=body, params=query, headers=headers) as answer:
            told = await answer.text()
            need(answer.status in {200, 201}, f"{method} {path}: HTTP {answer.status} {told[:200]}")
            return json.loads(told)

    name = f"team{random.getrandbits(40):x}"
    group = await ask("POST", "groups", {"name": name})
    await ask("PATCH", f"groups/{group['group_id']}", {"name": name + "s"})
    await ask("POST", f"groups/{group['group_id']}/balance", {"set": None})
    await ask("GET", f"groups/{group['group_id']}")
    need(await ask("GET", "groups"), "no groups")
    user = await ask("POST", "users", {"group": name + "s", "name": "Li"})
    await ask("GET", f"users/{user['user_id']}")
    await ask("GET", "users", group=name + "s")
    key = await ask("POST", "keys", {"group": name + "s", "user": "Li"})
    await ask("PATCH", f"keys/{key['key_id']}", {"name": "phone"})
    await ask("GET", f"keys/{key['key_id']}")
    await ask("GET", "keys", group=name + "s")
    new = await ask("POST", f"keys/{key['key_id']}/rotate", {})
    await ask("PATCH", "limits", {"key_id": new["key_id"], "parallel": 2})
    await ask("GET", "limits", group=name + "s")
    await ask("DELETE", "limits", key_id=new["key_id"])
    await ask("POST", f"keys/{new['key_id']}/revoke")
    claims = base64.urlsafe_b64encode(b'{"sub":"%x"}' % random.getrandbits(128)).decode().rstrip("=")
    jwt = f"eyJhbGciOiJSUzI1NiJ9.{claims}.{random.getrandbits(256):064x}"
    await ask("POST", "keys/import", {"group": name + "s", "jwt": jwt})
    await ask("POST", f"users/{user['user_id']}/revoke")
    other = await ask("POST", "admin-keys", {"name": "Bob"})
    newer = await ask("POST", f"admin-keys/{other['key_id']}/rotate", {})
    await ask("GET", f"admin-keys/{newer['key_id']}")
    await ask("POST", f"admin-keys/{newer['key_id']}/revoke")
    need(await ask("GET", "admin-keys"), "no administrators")
    need("rows" in await ask("GET", "usage", by="model"), "no usage")
    async with session.get("/metrics", headers={"Authorization": f"Bearer {admin_key}"}) as answer:
        need("rhapsode_requests_total" in await answer.text(), "no figures")
    for path in ("/health/live", "/health/ready"):
        async with session.get(path, headers={"Authorization": ""}) as answer:
            need(answer.status == 200, f"{path}: HTTP {answer.status}")


async def mistakes(session: Session) -> None:
    """Calls that are refused, each in its dialect."""
    async with session.post("/v1/text/chatcompletion_pro", json={"model": "nothing"}, params=REFUSED) as answer:
        need((await answer.json())["base_resp"]["status_code"] == 2013, "not refused")
    stranger = {"Authorization": "Bearer x"}
    async with session.post("/v1/chat/completions", json={}, headers=stranger, params=REFUSED) as answer:
        need(answer.status == 401, "not refused")
    async with session.post("/v1/t2a_v2", json=speech_v2(voice_setting={"voice_id": "nobody"})) as answer:
        need((await answer.json())["base_resp"]["status_code"] == 2054, "not refused")
    async with session.get("/v1/nowhere", params=REFUSED) as answer:
        need(answer.status == 404, "not refused")
