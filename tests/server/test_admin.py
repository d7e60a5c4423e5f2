"""Whatever administrators do, in whatever order: a key is in the answer that makes it, and nowhere else."""

import asyncio
import base64
import io
import json
import logging
import random
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from rhapsode.accounts.keys import Accounts
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.server.admin_routes import admin_routes, open_administration
from rhapsode.service.admission import Admission
from rhapsode.telemetry.logs import configure_logs
from tests.server.kept import Kept

SECRET = b"a secret for tests, of 32 or more"

# Each step is drawn, and so is what it is about: numbers pick from what there is.
STEPS = ("group", "user", "key", "jwt", "rotate", "revoke", "change", "limit", "balance", "admin", "wrong")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(json=True, level="debug", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    database = open_database(f"sqlite:///{tmp_path / 'rhapsode.db'}")
    migrate(database)
    to = open_administration(database, Accounts(database, SECRET), SECRET, currency="CNY")
    made = await asyncio.to_thread(to.admin_keys.create, "Ada")
    transport = httpx2.ASGITransport(
        Starlette(routes=admin_routes(to, Admission(), Kept().watch)), client=("127.0.0.1", 1)
    )
    headers = {"authorization": f"Bearer {made.api_key}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://x/v1/admin", headers=headers) as client:
        yield client
    database.close()


class Walk:
    """What was made so far, and which keys there are that nobody may see again."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.secrets = {client.headers["authorization"].removeprefix("Bearer ")}

    async def ask(self, method: str, path: str, sent: object = None) -> Any:  # noqa: ANN401 - JSON
        answer = await self.client.request(method, path, json=sent)
        assert answer.status_code != 500, answer.text
        told = answer.json()
        text = answer.text
        if answer.status_code == 201 and "api_key" in told:
            text = text.replace(told["api_key"], "", 1)  # the one place
            self.secrets.add(told["api_key"])
        for secret in self.secrets:
            assert secret not in text
            assert secret[-43:] not in text
        return told

    async def step(self, step: str, number: int) -> None:
        groups = await self.ask("GET", "/groups")
        keys = await self.ask("GET", "/keys")
        group = groups[number % len(groups)]["name"] if groups else "nobody"
        key = keys[number % len(keys)]["key_id"] if keys else "key-0"
        jwt, secret = new_jwt(number), sorted(self.secrets)[number % len(self.secrets)]
        asked: dict[str, list[tuple[str, str, object]]] = {
            "group": [("POST", "/groups", {"name": f"group {number}"})],
            "user": [("POST", "/users", {"group": group, "name": f"user {number}"}), ("GET", "/users", None)],
            "key": [("POST", "/keys", {"group": group, "name": f"key {number}"})],
            "jwt": [("POST", "/keys/import", {"group": group, "jwt": sent}) for sent in (jwt, jwt, jwt + ".")],
            "rotate": [("POST", f"/keys/{key}/rotate", {"grace_seconds": number % 100}), ("GET", f"/keys/{key}", None)],
            "revoke": [("POST", f"/keys/{key}/revoke", None)],
            "change": [("PATCH", f"/keys/{key}", {"models": [f"m{number}"]})],
            "limit": [("PATCH", "/limits", {"key_id": key, "parallel": number + 1}), ("GET", "/limits", None)],
            "balance": [("POST", f"/groups/{group}/balance", {"add": number})],
            "admin": [("POST", "/admin-keys", {"name": f"admin {number}"}), ("GET", "/admin-keys", None)],
            # A key in the wrong place is not told back.
            "wrong": [
                ("POST", "/keys", {"group": group, "user": secret}),
                ("POST", "/keys", {"group": group, "models": [number], "name": secret}),
                ("POST", "/keys", {"group": group, "addresses": [secret]}),
                ("POST", "/keys", {"group": secret}),
                ("POST", "/groups", {"name": secret + "\n", "group_id": secret}),
                ("POST", "/keys/import", {"group": group, "jwt": secret[1:]}),
                ("PATCH", "/limits", {"group": secret, "parallel": 1}),
                ("GET", f"/groups/{secret}", None),
                ("GET", f"/users/{secret}", None),
                ("GET", f"/keys?{secret}=1", None),
                ("POST", f"/admin-keys/{number}/revoke", None),
                # Here it names itself, which is shown by its id.
                ("GET", f"/keys/{secret}", None),
                ("GET", f"/admin-keys/{secret}", None),
            ],
        }
        if step == "jwt":
            self.secrets.add(jwt)
        for each in asked[step]:
            await self.ask(*each)


def new_jwt(number: int) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"GroupID": str(number)}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{claims}.{random.Random(number).randbytes(32).hex()}"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1000)), min_size=8, max_size=24))
async def test_no_answer_and_no_line_of_the_log_holds_a_key(
    admin: httpx2.AsyncClient, log: io.StringIO, steps: list[tuple[str, int]]
) -> None:
    walk = Walk(admin)
    for step, number in steps:
        await walk.step(step, number)
    told = log.getvalue()
    for secret in walk.secrets:
        assert secret not in told
        assert secret[-43:] not in told


async def test_every_change_is_in_the_log_with_who_made_it(admin: httpx2.AsyncClient, log: io.StringIO) -> None:
    await admin.post("/groups", json={"name": "studio"})
    key = (await admin.post("/keys", json={"group": "studio"})).json()
    await admin.get("/keys")
    await admin.post("/keys", json={"group": "nobody"})
    await admin.patch("/limits", json={"key_id": key["key_id"], "parallel": 1})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    changes = [line for line in lines if line["event"] == "an administrator changed the accounts"]
    assert [line["did"] for line in changes] == [
        "POST /v1/admin/groups",
        "POST /v1/admin/keys",
        "PATCH /v1/admin/limits",
    ]
    assert {line["admin"] for line in changes} == {"Ada"}
    assert all(line["admin_key_id"].startswith("admin-") and len(line["trace_id"]) == 32 for line in changes)
    assert changes[1]["key_id"] == changes[2]["key_id"] == key["key_id"]
    assert changes[1]["group_id"] == key["group_id"]
