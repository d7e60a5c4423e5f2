"""Whatever is sent: no 500, no hang, and `base_resp` on every JSON answer."""

import copy
import json
from typing import Any, cast

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.running import LiveServer
from tests.live.test_chat_cc import body as first_chat_body
from tests.live.test_chat_pro import body as chat_body
from tests.live.test_chat_v2 import WEATHER
from tests.live.test_chat_v2 import spoken as spoken_chat_body
from tests.live.test_long_text import body as long_text_body
from tests.live.test_t2a import body as speech_body
from tests.live.test_t2a_v2 import body as v2_body

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=600)
    | st.sampled_from(
        ["USER", "BOT", "FUNCTION", "<#1#>", "\0", "\ufeff", "\u202e", "<|im_end|>", "\u200d", "٣", "a" * 500]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5)
)
GOOD: dict[str, dict[str, Any]] = {
    "/v1/text/chatcompletion": first_chat_body(
        stream=True, use_standard_sse=True, beam_width=1, temperature=0.5, top_p=0.5, skip_info_mask=False
    ),
    "/v1/text/chatcompletion_v2": spoken_chat_body(
        messages=[
            {"role": "system", "name": "甲", "content": "在"},
            {"role": "sample_message_user", "content": "在吗"},
            {"role": "user", "content": [{"type": "text", "text": "你好"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"x"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": "晴"},
        ],
        tools=[WEATHER],
        tool_choice="auto",
        temperature=0.5,
        top_p=0.5,
        mask_sensitive_info=True,
        timber_weights=[{"voice_id": "female-yujie", "weight": 1}],
        audio_setting={"sample_rate": 16000, "bitrate": 32000, "format": "mp3", "channel": 1},
    ),
    "/v1/text/chatcompletion_pro": chat_body(
        sample_messages=[{"sender_type": "BOT", "sender_name": "甲", "text": "在"}], temperature=0.5, top_p=0.5
    ),
    "/v1/text_to_speech": speech_body(
        text="你好<#0.5#>世界", speed=1, vol=1, pitch=0, output_format="pcm", char_to_pitch=["你好/(ni3)(hao3)"]
    ),
    "/v1/t2a_pro": speech_body(text="你好<#0.5#>世界", audio_sample_rate=16000, bitrate=32000),
    "/v1/tts/stream": speech_body(text="你好，世界。", audio_sample_rate=16000, bitrate=32000, format="pcm"),
    "/v1/t2a_v2": v2_body(
        text="你好<#0.5#>世界",
        stream=True,
        stream_options={"exclude_aggregated_audio": True},
        subtitle_enable=False,
        output_format="hex",
        text_normalization=True,
        voice_modify={"pitch": 5, "intensity": -5, "timbre": 0, "sound_effects": "robotic"},
        timber_weights=[{"voice_id": "female-yujie", "weight": 1}],
        aigc_watermark=False,
    ),
    "/v1/t2a_async_v2": long_text_body(text=None, text_file_id=123456789012345),  # of nobody: no task is taken
    "/v1/files/delete": {"file_id": 123456789012345, "purpose": "voice_clone"},
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """Every place in a JSON value, its own included."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(cast("dict[str | int, Any]", value).items())
    elif isinstance(value, list):
        inner = list(enumerate(cast("list[Any]", value)))
    return [path, *(place for step, each in inner for place in places(each, (*path, step)))]


@st.composite
def mutants(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """A good body with a few of its places changed, added to or left out."""
    mutant = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *steps, last = draw(st.sampled_from(places(mutant)[1:]))
        at: Any = mutant
        for step in steps:
            at = at[step]
        match draw(st.sampled_from(["change", "change", "drop", "add"])):
            case "change":
                at[last] = draw(VALUES)
            case "drop":
                del at[last]
            case _ if isinstance(at, dict):
                at[draw(st.text(max_size=12))] = draw(VALUES)
            case _:
                at.append(draw(VALUES))
        if len(places(mutant)) == 1:
            break
    text = json.dumps(mutant, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "surrogatepass")


def judge(answer: httpx2.Response) -> None:
    assert answer.status_code == 200, answer.text
    kind = answer.headers["content-type"]
    if kind == "application/json":
        status = answer.json()["base_resp"]
        assert status["status_code"] in {0, 1042, 2013, 2054}, status
    else:
        assert kind in {"audio/mpeg", "audio/pcm", "text/event-stream"}
        assert answer.content


RELAXED = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("path", sorted(GOOD))
@RELAXED
@given(data=st.data())
def test_a_body_that_is_almost_right(deterministic: LiveServer, path: str, data: st.DataObject) -> None:
    with deterministic.client() as client:
        judge(client.post(path, content=data.draw(mutants(GOOD[path]))))


@pytest.mark.parametrize("path", sorted(GOOD))
@RELAXED
@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_body_that_is_anything(deterministic: LiveServer, path: str, body: bytes) -> None:
    with deterministic.client() as client:
        judge(client.post(path, content=body))


@RELAXED
@given(
    query=st.binary(max_size=60).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw)),
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
)
def test_any_key_and_any_query(deterministic: LiveServer, query: str, key: str) -> None:
    url = f"{deterministic.base_url}/v1/text_to_speech?GroupId={query}"
    with deterministic.client() as client:
        answer = client.post(url, headers={"Authorization": f"Bearer {key}"}, content=b"{}")
    assert answer.status_code == 200
    assert answer.json()["base_resp"]["status_code"] in {1004, 2049}
