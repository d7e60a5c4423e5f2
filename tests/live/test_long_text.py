"""Long texts over a real socket: taken, spoken, asked about, fetched; and what comes of a server that is killed."""

import io
import json
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests

from rhapsode import Client
from tests.listening import decode
from tests.live.running import LiveServer

V2, V2_QUERY = "/v1/t2a_async_v2", "/v1/query/t2a_async_query_v2"
FIRST, FIRST_QUERY = "/v1/t2a_async", "/query/t2a_async_query"
STORY = "".join(f"第{number}章，他走进了房间。她说：你好，很高兴认识你！\n" for number in range(40))


def body(**changes: object) -> dict[str, Any]:
    return {
        "model": "speech-02-hd",
        "text": STORY,
        "voice_setting": {"voice_id": "female-yujie", "speed": 1, "vol": 1, "pitch": 0},
        "audio_setting": {"audio_sample_rate": 32000, "bitrate": 128000, "format": "mp3", "channel": 1},
    } | changes


def zipped(members: Mapping[str, bytes | str], **how: Any) -> bytes:  # noqa: ANN401 - as zipfile takes it
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def wait(client: httpx2.Client, task_id: int, path: str = V2_QUERY, seconds: float = 60) -> dict[str, Any]:
    """What is told of a task once it has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told: dict[str, Any] = client.get(path, params={"task_id": task_id}).json()
        assert told["base_resp"]["status_code"] == 0
        if told["status"] != "Processing":
            return told
        time.sleep(0.05)  # it is another process that works
    raise AssertionError("the task did not end")


def fetch(client: httpx2.Client, file_id: int) -> dict[str, bytes]:
    """The files of a result, by the way that callers take: the link, without a key."""
    found = client.get("/v1/files/retrieve", params={"file_id": file_id}).json()["file"]
    assert found["purpose"] == "t2a_async"
    return unpacked(requests.get(found["download_url"], timeout=30).content)


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}  # pyright: ignore[reportOptionalMemberAccess]


def create(client: httpx2.Client, **changes: object) -> dict[str, Any]:
    told: dict[str, Any] = client.post(V2, json=body(**changes)).json()
    assert told["base_resp"] == {"status_code": 0, "status_msg": "success"}
    return told


def send_zip(client: httpx2.Client, content: bytes, **fields: str) -> dict[str, Any]:
    form = {"model": "speech-01", "voice_id": "female-yujie"} | fields
    told: dict[str, Any] = client.post(FIRST, data=form, files={"text": ("texts.zip", content)}).json()
    return told


@pytest.fixture
def client(deterministic: LiveServer) -> Iterator[httpx2.Client]:
    with deterministic.client() as client:
        yield client


def test_a_text_becomes_an_archive(client: httpx2.Client, tmp_path: Path) -> None:
    told = create(client)
    task_id, file_id = told["task_id"], told["file_id"]
    assert [len(str(number)) for number in (task_id, file_id)] == [15, 15]
    assert len(told["task_token"]) == 32
    assert told["usage_characters"] > len(STORY)
    ended = wait(client, task_id)
    base_resp = {"status_code": 0, "status_msg": "success"}
    assert ended == {"task_id": task_id, "status": "Success", "file_id": file_id, "base_resp": base_resp}
    files = fetch(client, file_id)
    start = f"{task_id}/content-{task_id}"
    assert list(files) == [f"{start}.mp3", f"{start}.titles", f"{start}.extra"]
    samples, rate = decode(files[f"{start}.mp3"], tmp_path)
    extra = json.loads(files[f"{start}.extra"])
    assert (rate, extra["audio_sample_rate"], extra["bitrate"], extra["vol"]) == (32000, 32000, 128000, 1)
    assert extra["audio_size"] == len(files[f"{start}.mp3"])
    assert 1000 * len(samples) / rate == pytest.approx(extra["audio_length"], abs=120)
    assert extra["usage_characters"] == told["usage_characters"]
    titles = json.loads(files[f"{start}.titles"])
    assert "".join(title["text"] for title in titles) == "".join(STORY.split())
    assert all(STORY[title["text_begin"] : title["text_end"]] == title["text"] for title in titles)
    times = [moment for title in titles for moment in (title["time_begin"], title["time_end"])]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(extra["audio_length"], abs=1)


def test_it_sounds_as_the_same_text_does_at_once(client: httpx2.Client) -> None:
    told = create(client)
    asked = body(audio_setting={"sample_rate": 32000, "bitrate": 128000, "format": "mp3", "channel": 1})
    at_once = bytes.fromhex(client.post("/v1/t2a_v2", json=asked).json()["data"]["audio"])
    wait(client, told["task_id"])
    assert next(iter(fetch(client, told["file_id"]).values())) == at_once


def test_the_sdk_orders_a_long_text_and_fetches_it(deterministic: LiveServer) -> None:
    with Client(deterministic.base_url, deterministic.group_id, deterministic.api_key) as client:
        task_id = client.order_speech(STORY, voice="female-yujie", model="speech-02-hd")
        with deterministic.client() as asker:
            wait(asker, int(task_id))
        speech = client.fetch_speech(task_id)
        assert speech is not None
        assert speech == replace(client.speak(STORY, voice="female-yujie"), trace_id=speech.trace_id)


def test_a_file_of_text_is_spoken_and_may_be_deleted_at_once(client: httpx2.Client) -> None:
    upload = client.post(
        "/v1/files/upload", data={"purpose": "t2a_async_input"}, files={"file": ("书.txt", STORY.encode("gb18030"))}
    ).json()["file"]
    told = create(client, text=None, text_file_id=upload["file_id"])
    client.post("/v1/files/delete", json={"file_id": upload["file_id"]})
    assert wait(client, told["task_id"])["status"] == "Success"
    files = fetch(client, told["file_id"])
    assert next(iter(files)) == f"{told['task_id']}/content-书.mp3"
    plain = create(client)
    wait(client, plain["task_id"])
    assert next(iter(fetch(client, plain["file_id"]).values())) == next(iter(files.values()))


@pytest.mark.parametrize(("audio", "start"), [("pcm", b""), ("flac", b"fLaC")])
def test_other_formats(client: httpx2.Client, audio: str, start: bytes) -> None:
    told = create(client, audio_setting={"format": audio, "audio_sample_rate": 16000}, text="你好。")
    wait(client, told["task_id"])
    name, sound = next(iter(fetch(client, told["file_id"]).items()))
    assert name.endswith(f".{audio}")
    assert sound.startswith(start)
    assert len(sound) > 1000


def test_a_zip_of_texts_gives_three_files_a_text(client: httpx2.Client) -> None:
    told = send_zip(client, zipped({"1.txt": "第一章。", "a/2.txt": "Chapter two."}), speed="1.5", bitrate="64000")
    assert told["base_resp"]["status_code"] == 0
    known = {"audio_sample_rate": 32000, "bitrate": 64000, "word_count": 5, "usage_characters": 19}
    assert {key: told[key] for key in known} == known
    ended = wait(client, told["task_id"], FIRST_QUERY)
    files = fetch(client, told["file_id"])
    names = ("content-1", "content-2")
    endings = ("mp3", "titles", "extra")
    assert list(files) == [f"{told['task_id']}/{name}.{ending}" for name in names for ending in endings]
    extras = [json.loads(files[f"{told['task_id']}/{name}.extra"]) for name in names]
    assert ended["audio_length"] == sum(extra["audio_length"] for extra in extras)
    assert ended["audio_size"] == sum(extra["audio_size"] for extra in extras)
    assert wait(client, told["task_id"], f"/v1{FIRST_QUERY}") == ended


def test_a_zip_of_json_gives_three_groups_a_file(client: httpx2.Client) -> None:
    one = json.dumps({"title": "题目", "content": "正文。", "extra": "补充。"})
    told = send_zip(client, zipped({"1.json": one, "2.json": '{"content": "只有正文。", "title": ""}'}))
    assert wait(client, told["task_id"], FIRST_QUERY)["status"] == "Success"
    stems = [Path(name).stem for name in fetch(client, told["file_id"])][::3]
    assert stems == ["title-1", "content-1", "extra-1", "content-2"]


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"text": ""}, 2013, "text: one of text and text_file_id is required"),
        ({"text": "长" * 50001}, 2013, "text: must have fewer than 50001 characters, not 50001"),
        ({"text": "……"}, 2013, "text: must hold something that can be spoken"),
        ({"text": "a\x07" * 30}, 1042, "text: 50% of its characters are invisible"),
        ({"text_file_id": 100000000000000}, 2013, "text: must be left out where there is text_file_id"),
        ({"text": None, "text_file_id": 100000000000000}, 2013, "text_file_id: there is no file 100000000000000"),
        ({"model": "speech-99"}, 2013, "model: unknown model 'speech-99'"),
        ({"voice_setting": {"voice_id": "nobody"}}, 2054, "voice_setting.voice_id: voice id 'nobody' does not exist"),
        ({"audio_setting": {"format": "wav"}}, 2013, "audio_setting.format: wav is not for long texts"),
        ({"audio_setting": {"audio_sample_rate": 1}}, 2013, "audio_setting.audio_sample_rate"),
    ],
)
def test_what_cannot_be_spoken_is_refused_at_once(
    client: httpx2.Client, changes: dict[str, Any], code: int, says: str
) -> None:
    told = client.post(V2, json=body(**changes)).json()
    assert told["base_resp"]["status_code"] == code
    assert says in told["base_resp"]["status_msg"]
    assert set(told) == {"base_resp"}


def test_a_file_for_another_purpose_is_not_spoken(client: httpx2.Client) -> None:
    upload = client.post("/v1/files/upload", data={"purpose": "retrieval"}, files={"file": ("a.txt", b"hello")}).json()
    told = client.post(V2, json=body(text=None, text_file_id=upload["file"]["file_id"])).json()
    assert "text_file_id: is a file for the purpose retrieval" in told["base_resp"]["status_msg"]


@pytest.mark.parametrize(
    ("content", "fields", "says"),
    [
        (b"no zip", {}, "text: is not a zip file, or is damaged"),
        (zipped({}), {}, "text: a zip must hold 1 to 1000 files, not 0"),
        (zipped({"a.txt": "a", "b.json": "{}"}), {}, "text: a zip must hold only .txt files or only .json files"),
        (zipped({"a.txt": "你好。"}), {"model": "speech-02"}, "model: unknown model 'speech-02'"),
        (zipped({"a.txt": "你好。"}), {"speed": "quick"}, "speed: must be written as in JSON"),
        (zipped({"a.txt": "你好。"}), {"speed": "9"}, "speed: "),
        (zipped({"a.txt": "你好。", "b.txt": "……"}), {}, "text: b.txt: must hold something that can be spoken"),
    ],
)
def test_a_form_that_cannot_be_spoken_is_refused(
    client: httpx2.Client, content: bytes, fields: dict[str, str], says: str
) -> None:
    told = send_zip(client, content, **fields)
    assert told["base_resp"]["status_code"] == 2013
    assert says in told["base_resp"]["status_msg"]


def test_a_task_of_nobody(client: httpx2.Client) -> None:
    for task_id, says in (("1", "there is no task 1"), ("", "is required"), ("x", "must be a number")):
        told = client.get(V2_QUERY, params={"task_id": task_id}).json()
        assert told["base_resp"]["status_code"] == 2013
        assert says in told["base_resp"]["status_msg"]
