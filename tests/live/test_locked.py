"""Every address of the running server, called by whoever may not: each refuses, however it is spelled."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from rhapsode.server.routes import PUBLIC
from tests.live.running import LiveServer
from tests.server.test_routes import table

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
REFUSALS = (1004, 2049, 2044)
"""the platform's codes: no key or another group's, a wrong key, one that may not"""
PUBLIC_PREFIXES = tuple(path.partition("{")[0] for path in PUBLIC)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Headers of callers who may not."""

    strangers: list[dict[str, str]]
    caller: dict[str, str]
    administrator: dict[str, str]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def keys(deterministic: LiveServer) -> Keys:
    good = deterministic.api_key
    command = [sys.executable, "-m", "rhapsode", "admin-keys", "create", "--name", "Ada", "--json"]
    made = subprocess.run([*command, "--home", str(deterministic.home)], capture_output=True, text=True, check=True)
    admin = json.loads(made.stdout)["api_key"]
    base_url = f"{deterministic.base_url}/v1/admin"
    with httpx2.Client(base_url=base_url, headers=bearer(admin), trust_env=False) as client:
        client.post("/groups", json={"name": "gone"}).raise_for_status()
        gone = client.post("/keys", json={"group": "gone"}).json()
        client.post(f"/keys/{gone['key_id']}/revoke").raise_for_status()
        gone_admin = client.post("/admin-keys", json={"name": "Gone"}).json()
        client.post(f"/admin-keys/{gone_admin['key_id']}/revoke").raise_for_status()
    return Keys(
        strangers=[
            {},
            {"Authorization": ""},
            {"Authorization": good},
            {"Authorization": f"Basic {good}"},
            {"X-Api-Key": good, "Cookie": f"key={good}"},
            bearer(good[:-1]),
            bearer(good + "A"),
            bearer(good.upper()),
            bearer(admin[:-1]),
            bearer("eyJhbGciOiJub25lIn0.eyJHcm91cElEIjoiMSJ9.AAAA"),
            bearer("' OR 1=1 --"),
            bearer(gone["api_key"]),
            bearer(gone_admin["api_key"]),
        ],
        caller=bearer(good),
        administrator=bearer(admin),
    )


@pytest.fixture
def line(deterministic: LiveServer) -> Iterator[HTTPConnection]:
    where = urlsplit(deterministic.base_url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=30)
    yield connection
    connection.close()


def assert_refused(line: HTTPConnection, method: str, target: str, headers: dict[str, str]) -> int:
    """No answer but a refusal; which one, by HTTP or by the platform's own code."""
    line.putrequest(method, target, skip_accept_encoding=True)
    body = b"{}" if method in ("POST", "PUT", "PATCH") else b""
    for name, value in (headers | {"Content-Length": str(len(body))}).items():
        line.putheader(name, value)
    line.endheaders(body)
    answer = line.getresponse()
    content = answer.read()
    asked = f"{method} {target} {headers}: {answer.status} {content[:200]!r}"
    if answer.status == 200:
        said = content.removeprefix(b"data: ")  # one event, where all answers are events
        code = json.loads(said)["base_resp"]["status_code"]
        assert code in REFUSALS, asked
        assert isinstance(code, int)
        return code
    assert answer.status in (400, 401, 403, 404, 405), asked
    return answer.status


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Each method and address that asks for a key."""
    found = table(tmp_path_factory.mktemp("routes"))
    return [
        (method, re.sub(r"\{[^}]*\}", "x", route.path))
        for route in found
        if isinstance(route, Route) and route.path not in PUBLIC
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def is_admin(path: str) -> bool:
    return path.startswith(("/v1/admin", "/metrics"))


def test_no_address_opens_to_a_stranger(line: HTTPConnection, keys: Keys, routes: list[tuple[str, str]]) -> None:
    assert len(routes) > 50
    for method, path in routes:
        for headers in keys.strangers:
            assert assert_refused(line, method, path, headers) in (*REFUSALS, 401, 403)


def test_no_address_opens_to_a_key_of_the_other_class(
    line: HTTPConnection, keys: Keys, routes: list[tuple[str, str]]
) -> None:
    for method, path in routes:
        headers = keys.caller if is_admin(path) else keys.administrator
        assert assert_refused(line, method, path, headers) in (*REFUSALS, 403)
        other_group = f"{path}?GroupId=1"
        if not is_admin(path):
            assert assert_refused(line, method, other_group, keys.caller) in (*REFUSALS, 401, 403)


def test_no_method_opens_what_another_one_does_not(
    line: HTTPConnection, keys: Keys, routes: list[tuple[str, str]]
) -> None:
    for path in sorted({path for _, path in routes}):
        for method in METHODS:
            if method == "HEAD":
                line.request("HEAD", path)
                answer = line.getresponse()
                assert not answer.read()
                assert answer.status in (200, 401, 403, 404, 405)
                continue
            assert_refused(line, method, path, {})
            assert_refused(line, method, path, keys.strangers[-1])


def spellings(path: str) -> Iterator[str]:
    """One path, as people write it who look for a way around."""
    yield from (f"/{path}", f"{path}/", f"{path}//", f"/.{path}", f"/health/live/..{path}", f"/health/../{path[1:]}")
    yield from (f"/%2e%2e{path}", f"/health/%2e%2e{path}", f"{path}/%2e", f"{path}/.", f"{path};a=b", f"{path}%00")
    yield from (path.upper(), path.replace("/v1", "/V1"), path.replace("/v1/", "/v1//"), path.replace("/", "/%2f"))
    yield from (path.replace("/", "\\"), path.replace("/v1/", "/v1/%5c"), f"{path}%20", f"{path}%0a", f"{path}.json")
    yield f"/%{ord(path[1]):02x}{path[2:]}"
    yield f"/%25{ord(path[1]):02x}{path[2:]}"
    yield from (
        f"http://127.0.0.1{path}",
        f"http://x:80{path}",
        f"{path}?key=x",
        f"{path}?#",
        f"*{path}",
        f"{path}?/health/live",
    )
    for prefix in PUBLIC_PREFIXES:
        yield from (f"{prefix}{path}", f"{prefix}/..{path}", f"{prefix}%2f..{path}", f"{path}/..{prefix}")


def test_no_spelling_is_a_way_around(deterministic: LiveServer, keys: Keys, routes: list[tuple[str, str]]) -> None:
    where = urlsplit(deterministic.base_url)
    for method, path in routes:
        line = HTTPConnection(where.hostname or "", where.port, timeout=30)
        for target in spellings(path):
            # http.client refuses to send some of them, as it should; the server is to be asked all the same.
            line._validate_path = lambda _url: None  # type: ignore[attr-defined]  # noqa: SLF001
            assert_refused(line, method, target, {})
            if is_admin(path):
                assert_refused(line, method, target, keys.caller)
        line.close()


def test_what_is_listed_tells_nothing_but_health(line: HTTPConnection) -> None:
    for path in ("/health/live", "/health/ready"):
        line.request("GET", path)
        answer = json.loads(line.getresponse().read())
        assert set(answer) == {"server", "status"}
    for path in ("/files/1/x", "/files/1/x?expires=9999999999&signature=x", "/files/../secret", "/files/"):
        assert assert_refused(line, "GET", path, {}) in (403, 404)


def test_the_socket_opens_to_no_stranger(deterministic: LiveServer, keys: Keys, tmp_path: Path) -> None:
    sockets = [route.path for route in table(tmp_path) if isinstance(route, WebSocketRoute)]
    assert sockets == ["/ws/v1/t2a_v2"]
    where = f"ws{deterministic.base_url.removeprefix('http')}{sockets[0]}"
    for headers in (*keys.strangers, keys.administrator):
        with connect(where, additional_headers=headers, proxy=None) as opened:
            told = json.loads(opened.recv())
            assert told["event"] == "task_failed"
            assert told["base_resp"]["status_code"] in REFUSALS
            with pytest.raises(ConnectionClosed):
                opened.recv()
