"""A NUL wherever a caller or an administrator can put one: PostgreSQL takes none, and neither kind of database shows it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.live.running import DETERMINISTIC, running_server
from tests.live.test_t2a import body as t2a_body
from tests.live.test_t2a_v2 import body as v2_body

ODD: Final = "male\0"
PATH: Final = "male%00"
TOO_LARGE: Final = 2**63
"""for a column"""

NO_VOICE: Final = "voice id 'male\\\\x00' does not exist"
NO_MODEL: Final = "unknown model 'male\\\\x00'"
BAD_ID: Final = "voice_id: must have 8 to 256 letters"
VOICE: Final = {"voice_id": ODD}
ONE: Final[dict[str, Any]] = VOICE | {"timber_weights": None}
BLEND: Final[dict[str, Any]] = {
    "timber_weights": [{"voice_id": "male-qn-qingse", "weight": 1}, {"voice_id": ODD, "weight": 1}]
}
ASKED: Final = {"messages": [{"role": "user", "content": "hi"}]}
DESIGN: Final = {"prompt": "old man, calm", "preview_text": "hi"}

CALLS: Final[tuple[tuple[str, str, dict[str, Any] | None, str], ...]] = (
    ("POST", "text_to_speech", t2a_body(**ONE), NO_VOICE),
    ("POST", "text_to_speech", t2a_body(**BLEND), NO_VOICE),
    ("POST", "t2a_pro", t2a_body(**ONE), NO_VOICE),
    ("POST", "tts/stream", t2a_body(**ONE), NO_VOICE),
    ("POST", "t2a_v2", v2_body(voice_setting=VOICE), NO_VOICE),
    ("POST", "t2a_v2", v2_body(voice_setting=VOICE, stream=True), NO_VOICE),
    ("POST", "t2a_v2", v2_body(**BLEND), NO_VOICE),
    ("POST", "t2a_v2", v2_body(model=ODD), NO_MODEL),
    ("POST", "t2a_async_v2", v2_body(voice_setting=VOICE), NO_VOICE),
    ("POST", "t2a_async_v2", v2_body(text=None, text_file_id=TOO_LARGE), "there is no file 9223372036854775808"),
    ("POST", "audio/speech", {"model": "speech-01", "input": "hi", "voice": ODD}, NO_VOICE),
    ("POST", "audio/speech", {"model": ODD, "input": "hi", "voice": "alloy"}, NO_MODEL),
    ("POST", "delete_voice", {"voice_type": "voice_cloning", "voice_id": ODD}, NO_VOICE),
    ("POST", "voice_blend", VOICE | BLEND, BAD_ID),
    ("POST", "voice_blend", {"voice_id": "narrator-1"} | BLEND, NO_VOICE),
    ("POST", "voice_clone", VOICE | {"file_id": 1}, BAD_ID),
    ("POST", "voice_design", DESIGN | VOICE, BAD_ID),
    ("POST", "voice_design", DESIGN | {"prompt": "old man, calm\0"}, '"trial_audio":"'),
    ("POST", "chat/completions", ASKED | {"model": ODD}, NO_MODEL),
    ("POST", "chat/completions", ASKED | {"model": "ft:abab6.5s-chat_1:\0"}, '"chat.completion"'),
    ("POST", "embeddings", {"model": ODD, "texts": ["a"], "type": "db"}, NO_MODEL),
    ("GET", f"models/{PATH}", None, NO_MODEL),
    ("GET", f"models?GroupId={PATH}", None, "token not match group"),
    ("GET", f"files/list?purpose={PATH}", None, "unknown purpose"),
    ("GET", f"files/retrieve?file_id={PATH}", None, "must be a number"),
    ("GET", f"files/retrieve?file_id={TOO_LARGE}", None, "there is no file"),
    ("POST", "files/delete", {"file_id": TOO_LARGE}, "there is no file"),
    ("POST", "files/delete", {"file_id": 1, "purpose": ODD}, "there is no file"),
    ("GET", f"query/t2a_async_query_v2?task_id={PATH}", None, "must be a number"),
    ("GET", f"query/t2a_async_query_v2?task_id={TOO_LARGE}", None, "there is no task"),
)

ADMINISTRATION: Final[tuple[tuple[str, str, dict[str, Any] | None, int, str], ...]] = (
    ("GET", f"groups/{PATH}", None, 404, "group"),
    ("POST", "groups", {"name": ODD}, 400, "name"),
    ("POST", "groups", {"name": "odd", "group_id": ODD}, 400, "group_id"),
    ("POST", "groups", {"name": "odd", "balance": TOO_LARGE}, 400, "balance"),
    ("PATCH", "groups/default", {"name": ODD}, 400, "name"),
    ("PATCH", f"groups/{PATH}", {"name": "odd"}, 404, "group"),
    ("POST", f"groups/{PATH}/balance", {"add": 1}, 404, "group"),
    ("GET", f"users?group={PATH}", None, 404, "group"),
    ("GET", f"users/{PATH}", None, 404, "user"),
    ("POST", "users", {"group": ODD, "name": "Li"}, 404, "group"),
    ("POST", "users", {"group": "default", "name": ODD}, 400, "name"),
    ("POST", f"users/{PATH}/revoke", None, 404, "user"),
    ("GET", f"keys?group={PATH}", None, 404, "group"),
    ("GET", f"keys?user={PATH}", None, 404, "user"),
    ("POST", "keys", {"group": ODD}, 404, "group"),
    ("POST", "keys", {"group": "default", "name": ODD}, 400, "name"),
    ("POST", "keys", {"group": "default", "user": ODD}, 404, "user"),
    ("POST", "keys", {"group": "default", "models": [ODD]}, 400, "models[0]"),
    ("POST", "keys", {"group": "default", "addresses": [ODD]}, 400, "addresses[0]"),
    ("POST", "keys/import", {"group": ODD, "jwt": ODD}, 400, "jwt"),
    ("GET", f"keys/{PATH}", None, 404, "key_id"),
    ("PATCH", f"keys/{PATH}", {"name": "odd"}, 404, "key_id"),
    ("POST", f"keys/{PATH}/rotate", {"grace_seconds": TOO_LARGE}, 404, "key_id"),
    ("POST", f"keys/{PATH}/revoke", None, 404, "key_id"),
    ("POST", "admin-keys", {"name": ODD}, 400, "name"),
    ("GET", f"admin-keys/{PATH}", None, 404, "key_id"),
    ("POST", f"admin-keys/{PATH}/rotate", None, 404, "key_id"),
    ("POST", f"admin-keys/{PATH}/revoke", None, 404, "key_id"),
    ("GET", f"limits?group={PATH}", None, 404, "group"),
    ("GET", f"limits?key_id={PATH}", None, 404, "key_id"),
    ("PATCH", "limits", {"group": ODD, "parallel": 1}, 404, "group"),
    ("PATCH", "limits", {"key_id": ODD, "parallel": 1}, 404, "key_id"),
    ("PATCH", "limits", {"group": "default", "model": ODD, "parallel": 1}, 400, "model"),
    ("PATCH", "limits", {"group": "default", "parallel": TOO_LARGE}, 400, "parallel"),
    ("DELETE", f"limits?group={PATH}", None, 404, "group"),
    ("DELETE", f"limits?group=default&model={PATH}", None, 404, "model"),
    ("GET", f"usage?from={PATH}", None, 400, "from"),
    ("GET", f"usage?group={PATH}", None, 404, "group"),
    ("GET", f"usage?key_id={PATH}", None, 404, "key_id"),
)


@pytest.mark.xdist_group("postgresql")
def test_a_nul_is_in_nobodys_name(database_url: str, tmp_path: Path) -> None:
    settings = f'[database]\nurl = "{database_url}"\n{DETERMINISTIC}'
    with running_server(tmp_path, settings) as server:
        with httpx2.Client(base_url=f"{server.base_url}/v1", headers=server.headers, trust_env=False) as client:
            for method, path, body, says in CALLS:
                told = client.request(method, path, json=body).text
                assert says in told, (method, path, body, told)
        command = [sys.executable, "-m", "rhapsode", "admin-keys", "create", "--name", "Ada", "--json"]
        made = subprocess.run([*command, "--home", str(tmp_path)], capture_output=True, text=True, check=True)
        key = {"Authorization": f"Bearer {json.loads(made.stdout)['api_key']}"}
        with httpx2.Client(base_url=f"{server.base_url}/v1/admin", headers=key, trust_env=False) as client:
            for method, path, body, status, field in ADMINISTRATION:
                answer = client.request(method, path, json=body)
                assert (answer.status_code, answer.json()["error"]["param"]) == (status, field), (method, path, body)
            assert client.get(f"usage?model={PATH}").raise_for_status().json()["rows"] == []
