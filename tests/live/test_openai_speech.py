"""OpenAI's own client, unmodified, asking for speech over a real socket."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.listening import decode
from tests.live.openai_client import async_client_of, client_of
from tests.live.running import LiveServer

TEXT = "Hello there. 你好，很高兴认识你。"


def ask(client: openai.OpenAI, **changes: Any) -> bytes:  # noqa: ANN401 - whatever a caller may send
    asked: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": TEXT} | changes
    return client.audio.speech.create(**asked).content


@pytest.fixture
def client(deterministic: LiveServer) -> Iterator[openai.OpenAI]:
    with client_of(deterministic) as client:
        yield client


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def test_a_text_is_spoken(server: LiveServer, tmp_path: Path) -> None:
    with client_of(server) as client:
        samples, rate = decode(ask(client), tmp_path)
        quick, _ = decode(ask(client, speed=2), tmp_path)
    assert rate == 24000
    assert len(quick) < 0.7 * len(samples)


def test_sound_is_streamed_to_a_file(server: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "speech.mp3"
    with client_of(server) as client:
        with client.audio.speech.with_streaming_response.create(model="tts-1", voice="nova", input=TEXT) as answer:
            assert answer.headers["content-type"] == "audio/mpeg"
            assert len(answer.headers["trace-id"]) == 32
            assert "content-length" not in answer.headers
            answer.stream_to_file(file)
        assert file.read_bytes() == ask(client, voice="nova")


async def test_sound_comes_asynchronously_in_pieces(server: LiveServer) -> None:
    asked: dict[str, Any] = {"model": "tts-1", "voice": "onyx", "input": TEXT, "response_format": "pcm"}
    async with async_client_of(server) as client:
        async with client.audio.speech.with_streaming_response.create(**asked) as answer:
            pieces = [piece async for piece in answer.iter_bytes()]
        whole = (await client.audio.speech.create(**asked)).content
    assert len(pieces) > 1
    assert b"".join(pieces) == whole


@pytest.mark.parametrize(
    ("packed_as", "kind", "begins"),
    [("mp3", "mpeg", b"\xff"), ("wav", "wav", b"RIFF\xff\xff\xff\xff"), ("pcm", "pcm", b""), ("flac", "flac", b"fLaC")],
)
def test_every_format(client: openai.OpenAI, packed_as: Any, kind: str, begins: bytes) -> None:  # noqa: ANN401
    answer = client.audio.speech.with_raw_response.create(
        model="gpt-4o-mini-tts", voice="sage", input="Hello", response_format=packed_as
    )
    assert answer.headers["content-type"] == f"audio/{kind}"
    assert answer.content.startswith(begins)


def test_a_blend_is_a_voice(client: openai.OpenAI) -> None:
    blend = ask(client, voice="female-yujie:60+male-qn-badao:40")
    assert blend == ask(client, voice=[
        {"voice_id": "male-qn-badao", "weight": 40}, {"voice_id": "female-yujie", "weight": 60}
    ])  # fmt: skip
    assert blend not in {ask(client, voice="female-yujie"), ask(client, voice={"id": "male-qn-badao"})}


def test_events_carry_the_same_sound(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input=TEXT, stream_format="sse"
    ) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        events = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line]
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert done == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": len(TEXT) + 8, "output_tokens": 0, "total_tokens": len(TEXT) + 8},
    }
    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == ask(client, voice="coral")


@pytest.mark.parametrize(
    ("changes", "kind", "param"),
    [
        ({"voice": "nobody"}, openai.BadRequestError, "voice"),
        ({"model": "whisper-1"}, openai.NotFoundError, "model"),
        ({"input": ""}, openai.BadRequestError, "input"),
        ({"input": "a" * 4097}, openai.BadRequestError, "input"),
        ({"speed": 0.25}, openai.BadRequestError, "speed"),
        ({"response_format": "opus"}, openai.BadRequestError, "response_format"),
        ({"instructions": "as a pirate"}, openai.BadRequestError, "instructions"),
        ({"input": "\u200bhi"}, openai.BadRequestError, "input"),
    ],
)
def test_what_cannot_be_spoken_is_raised(
    client: openai.OpenAI, changes: dict[str, Any], kind: type[openai.APIStatusError], param: str
) -> None:
    with pytest.raises(kind) as caught:
        ask(client, **changes)
    assert caught.value.param == param
    with pytest.raises(kind):
        ask(client, stream_format="sse", **changes)


def test_a_wrong_key_is_an_authentication_error(deterministic: LiveServer) -> None:
    with client_of(deterministic, api_key="nobody") as client, pytest.raises(openai.AuthenticationError):
        ask(client)
