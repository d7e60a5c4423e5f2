"""The list of voices, asked of the real command."""

from rhapsode.voices.catalogue import load_voices
from tests.live.running import LiveServer


def test_lists_every_voice_that_can_be_asked_for(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post("/v1/get_voice", json={"voice_type": "all"})
        assert answer.headers["trace-id"]
        reply = answer.json()
        assert [voice["voice_id"] for voice in reply["system_voice"]] == [voice.id for voice in load_voices()]
        assert (reply["voice_cloning"], reply["voice_generation"]) == ([], [])
        wrong = client.post("/v1/get_voice", json={"voice_type": "music_generation"}).json()
        assert wrong["base_resp"]["status_code"] == 2013


def test_every_interface_needs_a_key_for_it(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post("/v1/get_voice", json={"voice_type": "all"}, headers={"Authorization": ""})
        assert answer.json()["base_resp"]["status_code"] == 1004
