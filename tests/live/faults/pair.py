"""Two servers, each a `rhapsode serve` of its own home, that share a database, a secret and a Redis."""

import json
import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live.faults.books import PRICES, rhapsode
from tests.live.running import LiveServer, running_server

SETTINGS = """
[chat.engines.embedded]
kind = "scripted"
[chat.engines.counted]
kind = "openai"
base_url = "{upstream}"
[chat.models]
"abab5.5-chat" = ["counted"]
[speech.engines.embedded]
kind = "tone"
[database]
url = "{database}"
[limits]
redis_url = "{redis}"
redis_seconds = 20
"""
NOBODY = "http://127.0.0.1:1"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both, and who administers them."""

    servers: tuple[LiveServer, LiveServer]
    admin: httpx2.Client

    @property
    def home(self) -> Path:
        """Where commands find the database."""
        return self.servers[0].home

    def group(self, name: str, *, balance: float | None = None, **limits: float) -> str:
        """The key of a new group that has these limits."""
        self._send("POST", "/groups", {"name": name} | ({} if balance is None else {"balance": balance}))
        if limits:
            self._send("PATCH", "/limits", {"group": name, **limits})
        key: str = self._send("POST", "/keys", {"group": name})["api_key"]
        return key

    def _send(self, method: str, path: str, sent: dict[str, Any]) -> dict[str, Any]:
        answer = self.admin.request(method, path, json=sent)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def limit_model(self, name: str, model: str, **limits: float) -> None:
        """Limits of a group for one model alone."""
        self._send("PATCH", "/limits", {"group": name, "model": model, **limits})

    @contextmanager
    def callers(self, key: str) -> Generator[tuple[httpx2.Client, httpx2.Client]]:
        """A client of each server, for many threads."""
        with ExitStack() as stack:
            one, other = (
                stack.enter_context(
                    httpx2.Client(
                        base_url=server.base_url,
                        headers={"Authorization": f"Bearer {key}"},
                        timeout=60,
                        trust_env=False,
                        limits=httpx2.Limits(max_connections=None),
                    )
                )
                for server in self.servers
            )
            yield one, other


@contextmanager
def running_pair(directory: Path, *, database: str, redis: str, upstream: str) -> Generator[Pair]:
    """Two servers that have started. `upstream` is whom they ask for replies of abab5.5-chat."""
    settings = SETTINGS.format(database=database, redis=redis, upstream=upstream) + PRICES
    one, other = directory / "one", directory / "other"
    with pytest.MonkeyPatch.context() as environment, running_server(one, settings) as first:
        environment.setenv("RHAPSODE_SECRET", (one / "secret").read_text(encoding="utf-8").strip())
        other.mkdir()
        # The first key was told already. With it, the second server leaves its address here.
        shutil.copy(one / "credentials.toml", other)
        kept = (one / "credentials.toml").read_text(encoding="utf-8").replace(first.base_url, NOBODY)
        (other / "credentials.toml").write_text(kept, encoding="utf-8")
        with running_server(other, settings) as second:
            made = json.loads(rhapsode("admin-keys", "create", "--name", "Ada", "--json", "--home", str(one)))
            headers = {"Authorization": f"Bearer {made['api_key']}"}
            with httpx2.Client(base_url=f"{first.base_url}/v1/admin", headers=headers, trust_env=False) as admin:
                yield Pair(servers=(first, second), admin=admin)
