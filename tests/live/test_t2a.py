"""T2A over a real socket."""

from pathlib import Path
from typing import Any

import pytest

from tests.listening import decode
from tests.live.running import LiveServer

PATH = "/v1/text_to_speech"
FOUR = [
    {"voice_id": name, "weight": 1} for name in ("male-qn-qingse", "female-shaonv", "female-yujie", "audiobook_male_2")
]


def body(**changes: object) -> dict[str, Any]:
    return {
        "model": "speech-01",
        "text": "你好，很高兴认识你。",
        "timber_weights": FOUR,
        "voice_id": "male-qn-qingse",
    } | changes


def seconds_of(sound: bytes, directory: Path) -> float:
    """The length of an MP3, by a decoder that is not ours."""
    samples, rate = decode(sound, directory)
    return len(samples) / rate


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def test_speech_is_an_mp3(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"
    assert len(answer.headers["trace-id"]) == 32
    assert answer.headers["content-length"] == str(len(answer.content))
    assert 0.5 < seconds_of(answer.content, tmp_path) < 10


def test_the_same_call_gives_the_same_bytes(server: LiveServer) -> None:
    with server.client() as client:
        one, other = (client.post(PATH, json=body()).content for _ in range(2))
    assert one == other


def test_a_blank_behind_a_voice_is_tolerated(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        one, other = (
            client.post(PATH, json=body(timber_weights=None, voice_id=voice_id)).content
            for voice_id in ("female-yujie", "female-yujie ")
        )
    assert one == other


def test_a_pause_lengthens_by_itself(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        short, long = (
            seconds_of(client.post(PATH, json=body(text=f"你好<#{pause}#>世界")).content, tmp_path)
            for pause in ("0.10", "2.10")
        )
    assert long - short == pytest.approx(2, abs=0.06)  # within an MP3 frame of 36 ms and the rounding of another


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"timber_weights": None, "voice_id": "nobody"}, "voice_id: voice id 'nobody' does not exist"),
        (
            {"timber_weights": [FOUR[0], {"voice_id": "nobody", "weight": 1}]},
            "timber_weights[1].voice_id: voice id 'nobody'",
        ),
        ({"timber_weights": [*FOUR, FOUR[0]]}, "timber_weights"),
        ({"timber_weights": [{"voice_id": "female-yujie", "weight": 101}]}, "timber_weights[0].weight"),
        ({"text": ""}, "text"),
        ({"text": "长" * 500}, "text"),
        ({"output_format": "ogg"}, "output_format"),
        ({"char_to_pitch": ["你/(ni9)"]}, "char_to_pitch[0]"),
        ({"model": "speech-99"}, "model"),
    ],
)
def test_what_cannot_be_spoken_is_answered_in_json(
    deterministic: LiveServer, changes: dict[str, Any], says: str
) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(**changes))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["trace_id"] == answer.headers["trace-id"]
    assert told["base_resp"]["status_code"] == 2013
    assert told["base_resp"]["status_msg"].startswith(f"invalid params, {says}")


@pytest.mark.parametrize(
    ("packed_as", "kind", "begins"),
    [("mp3", "mpeg", b"\xff"), ("wav", "wav", b"RIFF"), ("pcm", "pcm", b""), ("flac", "flac", b"fLaC")],
)
def test_every_format_has_its_content_type(deterministic: LiveServer, packed_as: str, kind: str, begins: bytes) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(output_format=packed_as))
    assert answer.headers["content-type"] == f"audio/{kind}"
    assert answer.content.startswith(begins)


def test_too_much_that_nobody_can_see_has_a_code_of_its_own(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        told = client.post(PATH, json=body(text="你好\u200b")).json()
    assert told["base_resp"]["status_code"] == 1042


def test_the_sound_is_all_there_and_ends_softly(embedded: LiveServer, tmp_path: Path) -> None:
    with embedded.client() as client:
        sound = client.post(PATH, json=body(timber_weights=None, voice_id="audiobook_male_2")).content
    samples, _ = decode(sound, tmp_path)
    assert max(abs(samples[-160:])) < 0.01  # the last 5 ms
    assert max(abs(samples[-160 * 20 :])) > 0.05  # and the sound itself goes on until shortly before


@pytest.mark.parametrize("text", ["１２３", "①", "你\u0301好", "ａ", "ꡀ"])
def test_a_text_is_heard_or_refused_and_never_answered_with_nothing(embedded: LiveServer, text: str) -> None:
    with embedded.client() as client:
        answer = client.post(PATH, json=body(text=text))
    if answer.headers["content-type"] == "application/json":
        assert answer.json()["base_resp"]["status_code"] == 2013
    else:
        assert len(answer.content) > 2000
