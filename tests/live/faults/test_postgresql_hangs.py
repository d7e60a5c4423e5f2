"""PostgreSQL that takes connections and answers nothing: all are told, nobody pays, and the server can be ended."""

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from rhapsode.database.open import open_database
from tests.live.faults.books import check_books, rhapsode
from tests.live.faults.own_postgresql import OwnPostgresql
from tests.live.faults.test_database_fails import SETTINGS, all_good, ask_every_kind, assert_told, kept_books
from tests.live.running import LiveServer

ADMINISTRATORS = 6

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture
def postgresql() -> Generator[OwnPostgresql]:
    with OwnPostgresql.running() as postgresql:
        yield postgresql


def settings(postgresql: OwnPostgresql) -> str:
    return f'[database]\nurl = "{postgresql.url}"\n' + SETTINGS


def make_group(server: LiveServer, key: str, name: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=server.base_url, headers=headers, timeout=60, trust_env=False) as client:
        return client.post("/v1/admin/groups", json={"name": name})


def test_all_are_told_and_nobody_pays(tmp_path: Path, postgresql: OwnPostgresql) -> None:
    with kept_books(tmp_path, settings(postgresql)) as server:
        made = rhapsode("admin-keys", "create", "--name", "Ada", "--json", "--home", str(tmp_path))
        key: str = json.loads(made)["api_key"]
        good = all_good(server)
        assert make_group(server, key, "before").status_code == 201
        with ThreadPoolExecutor(ADMINISTRATORS) as administrators:
            with postgresql.hanging():
                asked = [administrators.submit(make_group, server, key, f"g{i}") for i in range(ADMINISTRATORS)]
                said = ask_every_kind(server)
                assert_told(said)
                for answer in (each.result() for each in asked):
                    assert answer.status_code == 500
                    assert answer.json()["error"]["message"].startswith("internal service error, the database ")
                    assert "socket" not in answer.text
                with server.client() as client:
                    assert client.get("/health/live").status_code == 200
            good += all_good(server)
            assert make_group(server, key, "g0").status_code == 201
        assert server.terminate() == 0
    check_books(postgresql.url, good)
    database = open_database(postgresql.url)
    done = database.transact(lambda c: c.scalars(text("SELECT id FROM calls WHERE outcome = 'ok'")).all())
    database.close()
    assert not {trace_id for trace_id, _ in said} & set(done)


def test_a_server_ends_in_spite_of_it(tmp_path: Path, postgresql: OwnPostgresql) -> None:
    with kept_books(tmp_path, settings(postgresql)) as server:
        all_good(server)
        with postgresql.hanging():
            assert_told(ask_every_kind(server))
            assert server.terminate() == 0
