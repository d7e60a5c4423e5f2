"""Bodies that ask for a voice: cloned, designed, blended, deleted."""

import json
from collections.abc import Callable, Mapping

import pytest

from rhapsode.core.errors import InvalidField
from rhapsode.core.voice import OwnKind, OwnVoice
from rhapsode.dialects.minimax import voice_blend, voice_clone, voice_design, voices

CLONE = {"file_id": 123456789012345, "voice_id": "MyVoice-001"}
DESIGN = {"prompt": "an old sailor", "preview_text": "Ahoy!"}
OLDER = {"gender": "female", "age": "middle-aged", "voice_desc": ["calm", "warm"], "text": "你好"}
BLEND = {"voice_id": "my-duo-001", "timber_weights": [{"voice_id": "a", "weight": 30}, {"voice_id": "b", "weight": 70}]}


def body(start: Mapping[str, object], **fields: object) -> bytes:
    return json.dumps({**start, **fields}).encode()


def test_a_clone() -> None:
    asked = voice_clone.read_request(body(CLONE))
    assert (asked.voice_id, asked.file_id, asked.prompt_id, asked.preview) == (
        "MyVoice-001",
        CLONE["file_id"],
        None,
        None,
    )
    fuller = voice_clone.read_request(
        body(
            CLONE,
            clone_prompt={"prompt_audio": 7, "prompt_text": "你好。"},
            text="试试",
            model="speech-01-hd",
            language_boost="English",
            need_noise_reduction=False,
            need_volume_normalization=True,
        )
    )
    assert (fuller.prompt_id, fuller.preview, fuller.language) == (7, ("speech-01-hd", "试试"), "en")


def test_the_answer_to_a_clone_says_what_is_carried() -> None:
    answer = json.loads(voice_clone.write_reply(demo_audio="", usage_characters=0))
    assert "not the accent" in answer["extra_info"].pop("cloned")
    assert answer == {
        "input_sensitive": False,
        "input_sensitive_type": 0,
        "demo_audio": "",
        "extra_info": {"usage_characters": 0},
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"file_id": "x"}, "file_id"),
        ({"voice_id": "short"}, "voice_id"),
        ({"voice_id": "1beginswithdigit"}, "voice_id"),
        ({"voice_id": "ends-with-dash-"}, "voice_id"),
        ({"voice_id": "ends_with_line_"}, "voice_id"),
        ({"voice_id": "a" * 257}, "voice_id"),
        ({"voice_id": "with blank here"}, "voice_id"),
        ({"voice_id": "名字名字名字名字"}, "voice_id"),
        ({"clone_prompt": {"prompt_audio": 7, "prompt_text": "你好"}}, "clone_prompt.prompt_text"),
        ({"text": "试试"}, "model"),
        ({"text": "试试", "model": "gpt"}, "model"),
        ({"text": "长" * 2001, "model": "speech-01"}, "text"),
        ({"need_noise_reduction": True}, "need_noise_reduction"),
        ({"aigc_watermark": True}, "aigc_watermark"),
        ({"language_boost": "Klingon"}, "language_boost"),
    ],
)
def test_a_clone_names_what_is_wrong(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        voice_clone.read_request(body(CLONE, **fields))
    assert caught.value.field == field


def test_a_design_in_both_ways() -> None:
    asked = voice_design.read_request(body(DESIGN, voice_id=""))
    assert (asked.description, asked.preview, asked.voice_id) == ("an old sailor", "Ahoy!", None)
    older = voice_design.read_older_request(body(OLDER))
    assert (older.description, older.field, older.preview) == ("female, middle-aged, calm, warm", "voice_desc", "你好")
    answer = json.loads(voice_design.write_reply("ttv-voice-1", b"\x00\xff"))
    assert (answer["voice_id"], answer["trial_audio"]) == ("ttv-voice-1", "00ff")


@pytest.mark.parametrize(
    ("read", "asked", "field"),
    [
        (voice_design.read_request, body(DESIGN, prompt=""), "prompt"),
        (voice_design.read_request, body(DESIGN, preview_text="长" * 501), "preview_text"),
        (voice_design.read_request, body(DESIGN, voice_id="no"), "voice_id"),
        (voice_design.read_older_request, body(OLDER, gender="robot"), "gender"),
        (voice_design.read_older_request, body(OLDER, voice_desc=["calm"] * 9), "voice_desc"),
        (voice_blend.read_request, body(BLEND, voice_id="no"), "voice_id"),
        (voice_blend.read_request, body(BLEND, timber_weights=[]), "timber_weights"),
        (voice_blend.read_request, body(BLEND, timber_weights=[{"voice_id": "a", "weight": 1}] * 5), "timber_weights"),
        (voices.read_delete, b'{"voice_type":"system","voice_id":"a"}', "voice_type"),
    ],
)
def test_the_others_name_what_is_wrong(read: Callable[[bytes], object], asked: bytes, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(asked)
    assert caught.value.field == field


def test_a_blend_and_its_end() -> None:
    voice_id, shares = voice_blend.read_request(body(BLEND))
    assert voice_id == "my-duo-001"
    assert [(share.voice_id, share.weight, share.field) for share in shares] == [
        ("a", 30, "timber_weights[0].voice_id"),
        ("b", 70, "timber_weights[1].voice_id"),
    ]
    made = OwnVoice(id=voice_id, kind=OwnKind.BLENDED, description="", created=1700000000)
    answer = {
        "voice_id": voice_id,
        "created_time": "2023-11-14",
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }
    assert json.loads(voice_blend.write_reply(made)) == answer
    assert voices.read_delete(b'{"voice_type":"voice_blend","voice_id":"my-duo-001"}') == (OwnKind.BLENDED, voice_id)
    assert json.loads(voices.write_deleted(made)) == answer
