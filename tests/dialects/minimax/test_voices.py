"""The lists of voices, as they cross the wire."""

import json

import pytest

from rhapsode.core.errors import InvalidField, MissingKey
from rhapsode.core.voice import Age, Gender, OwnKind, OwnVoice, Timbre, Voice
from rhapsode.dialects.minimax.voices import VoiceType, read_request, write_error, write_reply

SYSTEM = Voice(
    id="Santa_Claus ",
    name_zh="圣诞老人",
    name_en="Santa Claus",
    language="en",
    gender=Gender.MALE,
    age=Age.OLD,
    style="jovial, deep",
    timbre=Timbre(pitch=90.0),
)
CLONED = OwnVoice(id="my-voice-1", kind=OwnKind.CLONED, description="", created=1700000000)
DESIGNED = OwnVoice(id="ttv-voice-1", kind=OwnKind.DESIGNED, description="an old sailor", created=1700086400)

BLENDED = OwnVoice(id="my-duo-1", kind=OwnKind.BLENDED, description="", created=1700086400)


def written(asked: VoiceType) -> dict[str, object]:
    reply: dict[str, object] = json.loads(write_reply(asked, system=[SYSTEM], own=[CLONED, DESIGNED, BLENDED]))
    return reply


def test_all_of_them() -> None:
    assert written("all") == {
        "system_voice": [
            {
                "voice_id": "Santa_Claus ",
                "voice_name": "圣诞老人",
                "description": ["Santa Claus: male, old, jovial, deep (en)"],
                "created_time": "1970-01-01",
            }
        ],
        "voice_cloning": [{"voice_id": "my-voice-1", "description": [], "created_time": "2023-11-14"}],
        "voice_generation": [
            {"voice_id": "ttv-voice-1", "description": ["an old sailor"], "created_time": "2023-11-15"}
        ],
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("system", "system_voice"),
        ("voice_cloning", "voice_cloning"),
        ("voice_generation", "voice_generation"),
        ("voice_blend", "voice_blend"),
    ],
)
def test_what_was_not_asked_for_is_empty(asked: VoiceType, field: str) -> None:
    reply = written(asked)
    lists = ("system_voice", "voice_cloning", "voice_generation", "voice_blend")
    full = {name for name in lists if reply.get(name)}
    assert full == {field}


@pytest.mark.parametrize("body", [b"{}", b'{"voice_type":"music"}', b'{"voice_type":null}'])
def test_names_the_field_that_is_wrong(body: bytes) -> None:
    with pytest.raises(InvalidField, match="voice_type"):
        read_request(body)


def test_an_error_is_nothing_but_its_status() -> None:
    assert json.loads(write_error(MissingKey("no key")))["base_resp"]["status_code"] == 1004
