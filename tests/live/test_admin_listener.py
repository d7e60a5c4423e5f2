"""Administrators at a listener of their own."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.server.sockets import bind_sockets
from tests.live.running import DETERMINISTIC, LiveServer, running_server

OPEN = "metrics_open lets anybody on the network read"
ADDRESSES = ("/v1/admin/keys", "/v1/admin/groups", "/metrics")


def said(server: LiveServer) -> str:
    """The start's words, on one line."""
    return " ".join((server.home / "output.txt").read_text(encoding="utf-8").split())


def admin_url(server: LiveServer) -> str:
    """As the start says it."""
    return next(
        word for word in said(server).split() if word.startswith("http://127.0.0.1:") and word != server.base_url
    )


def administrator(server: LiveServer) -> dict[str, str]:
    command = [sys.executable, "-m", "rhapsode", "admin-keys", "create", "--name", "Ada", "--json"]
    made = subprocess.run([*command, "--home", str(server.home)], capture_output=True, text=True, check=True)
    return {"Authorization": f"Bearer {json.loads(made.stdout)['api_key']}"}


@pytest.mark.parametrize("workers", [1, 2])
def test_administrators_are_served_there_and_nowhere_else(tmp_path: Path, workers: int) -> None:
    settings = f"[server]\nadmin_port = 0\nworkers = {workers}\n{DETERMINISTIC}"
    with running_server(tmp_path, settings) as server:
        own, key = admin_url(server), administrator(server)
        for path in ADDRESSES:
            assert httpx2.get(server.base_url + path, headers=key, trust_env=False).status_code == 404
            assert httpx2.get(own + path, headers=key, trust_env=False).status_code == 200
            assert httpx2.get(own + path, trust_env=False).status_code == 401
            assert httpx2.get(own + path, headers=server.headers, trust_env=False).status_code == 403
        for path in ("/v1/models", "/v1/files/list", "/ws/v1/t2a_v2"):
            assert httpx2.get(own + path, headers=server.headers, trust_env=False).status_code == 404
        # What port was called, the socket says, and no header.
        forged = key | {"Host": own.removeprefix("http://"), "X-Forwarded-Port": own.rpartition(":")[2]}
        assert httpx2.get(f"{server.base_url}/metrics", headers=forged, trust_env=False).status_code == 404
        for where in (own, server.base_url):
            assert httpx2.get(f"{where}/health/ready", trust_env=False).status_code == 200


def test_figures_may_be_open_there(tmp_path: Path) -> None:
    settings = f"[server]\nadmin_port = 0\nmetrics_open = true\n{DETERMINISTIC}"
    with running_server(tmp_path, settings) as server:
        own = admin_url(server)
        assert "rhapsode_" in httpx2.get(f"{own}/metrics", trust_env=False).raise_for_status().text
        assert httpx2.get(f"{own}/v1/admin/keys", trust_env=False).status_code == 401
        assert httpx2.get(f"{server.base_url}/metrics", trust_env=False).status_code == 404
        assert OPEN not in said(server)


@pytest.mark.parametrize("workers", [1, 2])
def test_figures_that_are_open_to_others_are_warned_of(tmp_path: Path, workers: int) -> None:
    open_to_others = f'[server]\nadmin_host = "0.0.0.0"\nadmin_port = 0\nworkers = {workers}\n'
    with running_server(tmp_path / "open", f"{open_to_others}metrics_open = true\n{DETERMINISTIC}") as server:
        assert f"{OPEN} the figures of {admin_url(server)}/metrics without a key" in said(server)
    with running_server(tmp_path / "closed", open_to_others + DETERMINISTIC) as server:
        assert OPEN not in said(server)


def test_a_port_of_their_own_that_cannot_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match=r"server\.admin_port"):
        bind_sockets(("127.0.0.1", 0), taken.getsockname())
