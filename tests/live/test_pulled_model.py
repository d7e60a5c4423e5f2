"""From a hub to a reply: the real command pulls a model, the real server loads it and answers with it."""

from pathlib import Path

from tests.cli.command import rhapsode
from tests.live.running import running_server
from tests.models.hub import Hub

NAME = "hf:someone/tiny-GGUF/tiny.gguf"


def test_a_model_that_was_pulled_by_its_hubs_name_serves(tmp_path: Path, tiny_gguf: Path) -> None:
    with Hub({"tiny.gguf": tiny_gguf.read_bytes()}) as hub:
        pulled = rhapsode("models", "pull", NAME, home=tmp_path, env={"HF_ENDPOINT": hub.url, "NO_PROXY": "*"})
    assert pulled.returncode == 0, pulled.stderr
    shown = rhapsode("models", "show", NAME, home=tmp_path).stdout
    settings = shown.partition("In rhapsode.toml:")[2]
    with running_server(tmp_path, settings) as server, server.client() as client:
        answer = client.post(
            "/v1/text/chatcompletion_pro",
            json={
                "model": "abab5.5-chat",
                "tokens_to_generate": 16,
                "messages": [{"sender_type": "USER", "sender_name": "Ann", "text": "hello"}],
                "bot_setting": [{"bot_name": "Tiny", "content": "Tiny says letters."}],
                "reply_constraints": {"sender_type": "BOT", "sender_name": "Tiny"},
            },
        ).json()
    assert answer["base_resp"]["status_code"] == 0
    assert set(answer["reply"]) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert answer["reply"]
