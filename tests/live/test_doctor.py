"""`rhapsode doctor` beside a running server, and at a database that is not well."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import rhapsode
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_for_others import write_certificate

pytestmark = pytest.mark.xdist_group("doctor")  # one server for all


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running_server(tmp_path_factory.mktemp("looked-at"), DETERMINISTIC) as server:
        yield server


def look(home: Path, *, status: int = 0, settings: str | None = None, **env: str) -> dict[str, Any]:
    """The findings by what they are about."""
    if settings is not None:
        (home / "rhapsode.toml").write_text(settings, encoding="utf-8")
    done = rhapsode("doctor", "--json", home=home, env=env)
    assert done.returncode == status, done.stdout + done.stderr
    return {finding["check"]: finding for finding in json.loads(done.stdout)}


def test_a_running_server_is_well(server: LiveServer) -> None:
    port = server.base_url.rpartition(":")[2]
    found = look(server.home, settings=f"[server]\nport = {port}\n{DETERMINISTIC}")
    assert found["port"]["said"].startswith(f"a server of ours runs at 127.0.0.1:{port} (")
    assert found["port"]["facts"]["who"].endswith(f", {server.process.pid}")
    assert found["database revision"]["level"] == found["database writing"]["level"] == "ok"
    assert found["secret"]["level"] == "ok"
    other = look(server.home, RHAPSODE_SECRET="x" * 32, status=1)
    assert other["secret"]["said"] == "it is not the one that the database's keys were made under"


def test_a_server_that_speaks_tls_is_known_as_ours(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    tls = '[server]\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n'
    with running_server(tmp_path, tls + DETERMINISTIC) as server:
        port = server.base_url.rpartition(":")[2]
        found = look(tmp_path, settings=f"{tls}port = {port}\n{DETERMINISTIC}")
    assert found["port"]["said"].startswith(f"a server of ours runs at 127.0.0.1:{port} (")
    assert found["certificate"]["level"] == "ok"


def test_a_database_that_is_locked_or_newer_is_told(server: LiveServer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(server.home / "rhapsode.db")) as theirs,
        closing(sqlite3.connect(home / "rhapsode.db", isolation_level=None)) as ours,
    ):
        theirs.backup(ours)
        ours.execute("PRAGMA journal_mode = WAL")
        ours.execute("UPDATE alembic_version SET version_num = '9999'")
        ours.execute("BEGIN IMMEDIATE")
        found = look(home, settings="[server]\nport = 0\n" + DETERMINISTIC, status=1)
    assert found["database writing"]["level"] == "fail"
    assert "database is locked" in found["database writing"]["said"]
    assert found["database revision"]["said"].startswith("9999 is newer than this Rhapsode")
    assert found["secret"]["level"] == "fail"
