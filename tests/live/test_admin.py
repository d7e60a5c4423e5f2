"""The admin API of a running server, and what callers feel of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.cli.test_accounts import JWT
from tests.live.running import LiveServer

SPEECH = {"text": "hi", "model": "speech-01", "voice_id": "male-qn-qingse"}


def rhapsode(server: LiveServer, *words: str) -> Any:  # noqa: ANN401 - JSON
    command = [sys.executable, "-m", "rhapsode", *words, "--home", str(server.home), "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope="module")
def admin(deterministic: LiveServer) -> Iterator[httpx2.Client]:
    """A client with an administrator's key."""
    made = rhapsode(deterministic, "admin-keys", "create", "--name", "Ada")
    headers = {"Authorization": f"Bearer {made['api_key']}"}
    with httpx2.Client(
        base_url=f"{deterministic.base_url}/v1/admin", headers=headers, trust_env=False, timeout=60
    ) as client:
        yield client


def good(answer: httpx2.Response, status: int = 200) -> Any:  # noqa: ANN401 - JSON
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def status_of(server: LiveServer, key: str, group_id: str | None = None) -> dict[str, Any]:
    """What a caller with this key is told."""
    params = {} if group_id is None else {"GroupId": group_id}
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx2.post(
        f"{server.base_url}/v1/text_to_speech", headers=headers, params=params, json=SPEECH, trust_env=False
    )
    if answer.headers["content-type"].startswith("audio/"):
        return {"status_code": 0}
    return answer.json()["base_resp"]


def test_a_team_is_set_up_and_taken_down(deterministic: LiveServer, admin: httpx2.Client) -> None:
    group = good(admin.post("/groups", json={"name": "team", "balance": 10.5}), 201)
    assert (group["name"], group["balance"]) == ("team", 10.5)
    user = good(admin.post("/users", json={"group": "team", "name": "Li"}), 201)
    key = good(admin.post("/keys", json={"group": "team", "user": "Li", "name": "phone"}), 201)
    assert (key["user_id"], key["group_id"]) == (user["user_id"], group["group_id"])
    assert status_of(deterministic, key["api_key"], group["group_id"]) == {"status_code": 0}
    shown = {name: value for name, value in key.items() if name != "api_key"}
    found = good(admin.get(f"/keys/{key['key_id']}"))
    assert found | {"last_used_at": None} == shown
    assert good(admin.get("/keys", params={"group": "team"})) == [found]

    new = good(admin.post(f"/keys/{key['key_id']}/rotate", json={"grace_seconds": 3600}), 201)
    for each in (key, new):
        assert status_of(deterministic, each["api_key"]) == {"status_code": 0}
    assert good(admin.post(f"/keys/{key['key_id']}/revoke"))["revoked_at"]
    while status_of(deterministic, key["api_key"])["status_code"] == 0:
        pass  # the half second that the server remembers a key
    assert status_of(deterministic, key["api_key"])["status_code"] == 2049
    assert good(admin.post(f"/users/{user['user_id']}/revoke"))["keys"] == 0
    while status_of(deterministic, new["api_key"])["status_code"] == 0:
        pass


def test_what_callers_may_have_is_set_and_listed(admin: httpx2.Client) -> None:
    group = good(admin.post("/groups", json={"name": "limited"}), 201)
    assert good(admin.patch(f"/groups/{group['group_id']}", json={"name": "thrifty"}))["name"] == "thrifty"
    assert good(admin.post("/groups/thrifty/balance", json={"add": "10.000001"}))["balance"] == 10.000001
    assert good(admin.post("/groups/thrifty/balance", json={"set": 3}))["balance"] == 3
    assert good(admin.post("/groups/thrifty/balance", json={"set": None}))["balance"] is None
    key = good(admin.post("/keys", json={"group": "thrifty", "models": ["abab6.5s-chat"]}), 201)
    rule = good(admin.patch("/limits", json={"group": "thrifty", "requests_per_minute": 60, "spend_per_month": 0.5}))
    assert (rule["requests_per_minute"], rule["spend_per_month"], rule["spent"]) == (60, 0.5, 0)
    other = good(admin.patch("/limits", json={"key_id": key["key_id"], "model": "speech-01", "parallel": 2}))
    assert good(admin.get("/limits", params={"group": "thrifty"})) == [rule, other]
    left = good(admin.patch("/limits", json={"group": "thrifty", "requests_per_minute": None}))
    assert left == rule | {"requests_per_minute": None}
    assert good(admin.patch("/limits", json={"group": "thrifty", "spend_per_month": None})) is None
    assert good(admin.delete("/limits", params={"key_id": key["key_id"], "all": "true"})) == {"cleared": 1}
    changed = good(admin.patch(f"/keys/{key['key_id']}", json={"models": None, "name": "x"}))
    assert (changed["models"], changed["name"], changed["expires_at"]) == (None, "x", None)


def test_a_key_is_held_to_its_addresses_and_models(deterministic: LiveServer, admin: httpx2.Client) -> None:
    good(admin.post("/groups", json={"name": "fenced"}), 201)
    far = good(admin.post("/keys", json={"group": "fenced", "addresses": ["10.0.0.0/8"]}), 201)
    near = good(admin.post("/keys", json={"group": "fenced", "addresses": ["127.0.0.0/8", "::1"]}), 201)
    told = {"status_code": 2044, "status_msg": "no permission, the API key may not be used from this address"}
    assert status_of(deterministic, far["api_key"]) == told
    assert status_of(deterministic, near["api_key"]) == {"status_code": 0}
    good(admin.patch(f"/keys/{near['key_id']}", json={"models": ["abab6.5s-chat"]}))
    while (answer := status_of(deterministic, near["api_key"]))["status_code"] == 0:
        pass  # the half second that the server remembers a key
    assert answer["status_code"] == 2044
    assert "speech-01" in answer["status_msg"]
    headers = {"Authorization": f"Bearer {near['api_key']}"}
    with httpx2.Client(base_url=deterministic.base_url, headers=headers, trust_env=False) as caller:
        assert [model["id"] for model in caller.get("/v1/models").json()["data"]] == ["abab6.5s-chat"]
        assert caller.get("/v1/models/abab6.5s-chat").status_code == 200
        assert caller.get("/v1/models/abab5.5-chat").status_code == 404


def test_a_jwt_of_the_platform_is_taken_over(deterministic: LiveServer, admin: httpx2.Client) -> None:
    assert status_of(deterministic, JWT)["status_code"] == 2049
    good(admin.post("/groups", json={"name": "moved", "group_id": "1700000000000000001"}), 201)
    key = good(admin.post("/keys/import", json={"group": "moved", "jwt": JWT}), 201)
    assert "api_key" not in key
    assert status_of(deterministic, JWT, "1700000000000000001") == {"status_code": 0}
    assert status_of(deterministic, JWT, "1700000000000000002")["status_msg"] == "token not match group"
    assert status_of(deterministic, JWT[:-1] + "A")["status_code"] == 2049


def test_administrators_look_after_administrators(deterministic: LiveServer, admin: httpx2.Client) -> None:
    made = good(admin.post("/admin-keys", json={"name": "Bob", "expires_at": "2999-01-01T00:00:00+08:00"}), 201)
    assert made["expires_at"] == "2998-12-31T16:00:00Z"
    new = good(admin.post(f"/admin-keys/{made['key_id']}/rotate"), 201)
    assert new["expires_at"] == made["expires_at"]
    assert {each["name"] for each in good(admin.get("/admin-keys"))} >= {"Ada", "Bob"}
    bob = {"Authorization": f"Bearer {new['api_key']}"}
    assert good(admin.post(f"/admin-keys/{new['key_id']}/revoke", headers=bob))["revoked_at"]
    while admin.get("/groups", headers=bob).status_code == 200:
        pass
    assert admin.get("/groups", headers=bob).status_code == 401
    assert good(admin.get(f"/admin-keys/{new['key_id']}"))["last_used_at"]
    lines = (deterministic.home / "output.txt").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if "did=" in line and "/admin-keys/{key}/revoke" in line)
    assert f"admin_key_id={new['key_id']}" in line.replace("'", "")


@pytest.mark.parametrize("path", ["/groups", "/users", "/keys", "/admin-keys", "/limits", "/usage"])
def test_only_an_administrators_key_opens(deterministic: LiveServer, admin: httpx2.Client, path: str) -> None:
    for key, status, code in (
        (None, 401, "invalid_api_key"),
        ("nonsense", 401, "invalid_api_key"),
        ("sk-rh-admin-" + "A" * 43, 401, "invalid_api_key"),
        (deterministic.api_key, 403, "permission_denied"),
    ):
        headers = {"Authorization": ""} if key is None else {"Authorization": f"Bearer {key}"}
        answer = admin.get(path, headers=headers)
        error = good(answer, status)["error"]
        assert error["code"] == code
        assert not key or key not in answer.text


def test_an_administrators_key_makes_no_calls(deterministic: LiveServer, admin: httpx2.Client) -> None:
    key = str(admin.headers["authorization"]).removeprefix("Bearer ")
    told = status_of(deterministic, key)
    assert told["status_code"] == 2044
    assert "this is an administrator's key" in told["status_msg"]
    answer = httpx2.get(f"{deterministic.base_url}/v1/models", headers=admin.headers, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code", "param"),
    [
        ("POST", "/groups", {}, 400, "invalid_value", "name"),
        ("POST", "/groups", {"name": ""}, 400, "invalid_value", "name"),
        ("POST", "/groups", {"name": "x", "colour": "red"}, 400, "invalid_value", None),
        ("POST", "/groups", {"name": "x", "balance": "much"}, 400, "invalid_value", "balance"),
        ("POST", "/groups", {"name": "x", "balance": 0.0000001}, 400, "invalid_value", "balance"),
        ("POST", "/groups", {"name": "x", "group_id": "y"}, 400, "invalid_value", "group_id"),
        ("POST", "/groups", {"name": "default"}, 409, "already_exists", "name"),
        ("POST", "/groups", [1], 400, "invalid_value", None),
        ("POST", "/groups/nobody/balance", {"add": 1}, 404, "not_found", "group"),
        ("POST", "/groups/default/balance", {"add": 1, "set": 1}, 400, "invalid_value", None),
        ("POST", "/groups/default/balance", {}, 400, "invalid_value", None),
        ("GET", "/groups/nobody", None, 404, "not_found", "group"),
        ("POST", "/users", {"group": "nobody", "name": "x"}, 404, "not_found", "group"),
        ("GET", "/users/nobody", None, 404, "not_found", "user"),
        ("POST", "/keys", {"group": "nobody"}, 404, "not_found", "group"),
        ("POST", "/keys", {"group": "default", "addresses": ["10.0.0.1/8"]}, 400, "invalid_value", "addresses[0]"),
        ("POST", "/keys", {"group": "default", "models": [1]}, 400, "invalid_value", "models[0]"),
        (
            "POST",
            "/keys",
            {"group": "default", "expires_at": "2020-01-01T00:00:00Z"},
            400,
            "invalid_value",
            "expires_at",
        ),
        (
            "POST",
            "/keys",
            {"group": "default", "expires_at": "2999-01-01T00:00:00"},
            400,
            "invalid_value",
            "expires_at",
        ),
        ("POST", "/keys/import", {"group": "default", "jwt": "eyJ"}, 400, "invalid_value", "jwt"),
        ("POST", "/keys/key-0/rotate", None, 404, "not_found", "key_id"),
        ("POST", "/keys/key-0/revoke", None, 404, "not_found", "key_id"),
        ("GET", "/keys?group=nobody", None, 404, "not_found", "group"),
        ("GET", "/keys?color=red", None, 400, "invalid_value", "color"),
        ("POST", "/admin-keys", {"name": " "}, 400, "invalid_value", "name"),
        ("PATCH", "/limits", {"group": "default"}, 400, "invalid_value", None),
        ("PATCH", "/limits", {"parallel": 1}, 400, "invalid_value", "group"),
        ("PATCH", "/limits", {"group": "default", "parallel": 0}, 400, "invalid_value", "parallel"),
        ("PATCH", "/limits", {"group": "default", "parallel": 1.5}, 400, "invalid_value", "parallel"),
        ("DELETE", "/limits?group=default&all=perhaps", None, 400, "invalid_value", "all"),
        ("DELETE", "/limits?group=default", None, 404, "not_found", "model"),
        ("GET", "/usage?by=planet", None, 400, "invalid_value", "by"),
        ("GET", "/usage?from=yesterday", None, 400, "invalid_value", "from"),
        ("GET", "/usage?format=xml", None, 400, "invalid_value", "format"),
        ("GET", "/usage?by=day,day", None, 400, "invalid_value", "by"),
        ("GET", "/usage?group=nobody", None, 404, "not_found", "group"),
        ("GET", "/usage?key_id=key-0", None, 404, "not_found", "key_id"),
        ("PUT", "/groups", None, 405, "method_not_supported", None),
        ("GET", "/planets", None, 404, "unknown_url", None),
    ],
)
def test_what_is_wrong_is_told_with_its_field(
    admin: httpx2.Client, method: str, path: str, sent: object, status: int, code: str, param: str | None
) -> None:
    answer = admin.request(method, path, json=sent) if sent is not None else admin.request(method, path)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert answer.json()["request_id"] == answer.headers["trace-id"]


def test_a_wrong_method_names_all_that_there_are(admin: httpx2.Client) -> None:
    assert admin.put("/groups").headers["allow"] == "GET, HEAD, POST"
    assert admin.delete("/keys/key-0").headers["allow"] == "GET, HEAD, PATCH"


def test_what_was_used_is_told(deterministic: LiveServer, admin: httpx2.Client) -> None:
    good(admin.post("/groups", json={"name": "metered"}), 201)
    key = good(admin.post("/keys", json={"group": "metered", "name": "=1+1"}), 201)
    for _ in range(2):
        assert status_of(deterministic, key["api_key"]) == {"status_code": 0}
    told = good(admin.get("/usage", params={"by": "key,model", "group": "metered", "from": "2026-01-01"}))
    assert told["by"] == ["key", "model"]
    (row,) = told["rows"]
    assert (row["key"], row["key_name"], row["model"]) == (key["key_id"], "=1+1", "speech-01")
    assert (row["calls"], row["failed"], row["characters"]) == (2, 0, 4)
    answer = admin.get("/usage", params={"by": "key", "key_id": key["key_id"], "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    heading, line = answer.text.splitlines()
    assert heading.startswith("key,key_name,calls,failed,")
    assert line.startswith(f"{key['key_id']},'=1+1,2,0,")
    assert rhapsode(deterministic, "usage", "--by", "key", "--by", "model", "--group", "metered")["rows"] == [row]


def test_a_body_that_is_no_json_or_too_large_is_refused(admin: httpx2.Client) -> None:
    assert admin.post("/groups", content=b"{").json()["error"]["type"] == "invalid_request_error"
    assert admin.post("/groups", content=b" " * (256 * 1024 + 1)).status_code == 413
