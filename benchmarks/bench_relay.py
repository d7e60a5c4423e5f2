"""What our server adds to the upstream that it relays: time for one call, and what is left of the throughput.

Reference: the same upstream, an aiohttp server with constant answers, called directly, in the same run and by the same
callers. Beside it stands a bare relay on aiohttp, which does nothing but relay. Upstream, relay and callers are
processes of their own and share this machine's cores. The runs alternate.

    python benchmarks/bench_relay.py [rounds]
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from bench_chat_server import wait_until_ready
from relay_load import Job, Outcome, Target
from report import finish, median, percentile, table

CLIENTS = 16
CHUNKS = 100
PAIRS = 300
SECONDS = 1.0
HERE = Path(__file__).parent

ADDED_MS, REQUESTS, EVENTS = 1.0, 0.2, 0.15
"""What is promised: of one call at the median, of requests a second, of events a second."""

SETTINGS = """
[chat]
default = "pro"
[chat.engines.pro]
kind = "minimax"
base_url = "http://127.0.0.1:{port}"
[chat.engines.pro-apart]
kind = "minimax"
base_url = "http://127.0.0.1:{port}/apart/v1"
[chat.engines.open]
kind = "openai"
base_url = "http://127.0.0.1:{port}"
[chat.engines.open-apart]
kind = "openai"
base_url = "http://127.0.0.1:{port}/apart/v1"
[chat.models]
pro = ["pro"]
pro-apart = ["pro-apart"]
open = ["open"]
open-apart = ["open-apart"]
[speech.engines.embedded]
kind = "tone"
"""


@dataclass(frozen=True, kw_only=True)
class Front:
    """A dialect: its address, the names of its models, and how a body asks."""

    path: str
    models: tuple[str, str]
    """whose upstream sends chunks at once, and apart"""
    masks: bool = False
    """whether the reply is looked through for what identifies people"""

    def body(self, model: str, text: str, *, stream: bool) -> str:
        """What a caller sends, to us and to the upstream alike."""
        asked: dict[str, object]
        if "pro" in self.path:
            asked = {
                "messages": [{"sender_type": "USER", "sender_name": "Li", "text": text}],
                "bot_setting": [{"bot_name": "Helper", "content": "Helper answers briefly."}],
                "reply_constraints": {"sender_type": "BOT", "sender_name": "Helper"},
                "mask_sensitive_info": self.masks,
            }
        else:
            asked = {"messages": [{"role": "user", "content": text}]}
        return json.dumps({"model": model, **asked, "stream": stream}, separators=(",", ":"))


FRONTS = {
    "ChatCompletion Pro": Front(path="/v1/text/chatcompletion_pro", models=("pro", "pro-apart")),
    "ChatCompletion Pro, masked": Front(path="/v1/text/chatcompletion_pro", models=("pro", "pro-apart"), masks=True),
    "OpenAI": Front(path="/v1/chat/completions", models=("open", "open-apart")),
}


class Bench:
    """The servers, and the callers' process."""

    def __init__(self, upstream: int, bare: int, address: str, api_key: str, callers: "subprocess.Popen[str]") -> None:
        self._upstream = f"127.0.0.1:{upstream}"
        self._bare = f"127.0.0.1:{bare}"
        self._address = address
        self._api_key = api_key
        self._callers = callers

    def run(self, front: Front, model: str, text: str, *, stream: bool, pairs: int = 0) -> Outcome:
        """Directly, through the bare relay, and through our server."""
        body = front.body(model, text, stream=stream)
        apart = "/apart" if model.endswith("-apart") else ""
        targets = [
            self._target(self._upstream, apart + front.path, body),
            self._target(self._bare, apart + front.path, body),
            self._target(self._address, front.path, body),
        ]
        job = Job(targets=targets, clients=CLIENTS, seconds=SECONDS, pairs=pairs)
        assert self._callers.stdin is not None
        assert self._callers.stdout is not None
        self._callers.stdin.write(msgspec.json.encode(job).decode() + "\n")
        self._callers.stdin.flush()
        return msgspec.json.decode(self._callers.stdout.readline(), type=Outcome)

    def _target(self, address: str, path: str, body: str) -> Target:
        host, _, port = address.partition(":")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {self._api_key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n"
        )
        return Target(host=host, port=int(port), request=head + body)


def measure_one(bench: Bench, name: str, front: Front, rounds: int) -> list[tuple[str, bool]]:
    """Time added to a call that is alone."""
    times: list[list[float]] = [[], [], []]
    for _ in range(rounds):
        outcome = bench.run(front, front.models[0], "hi", stream=False, pairs=PAIRS)
        for kept, seconds in zip(times, outcome.seconds, strict=True):
            kept.extend(seconds)
    direct, bare, ours = times
    columns = {
        "direct": direct,
        "a bare relay": bare,
        "our server": ours,
        "added by a bare relay": [relayed - alone for alone, relayed in zip(direct, bare, strict=True)],
        "added by our server": (added := [relayed - alone for alone, relayed in zip(direct, ours, strict=True)]),
    }
    table(
        f"{name}: one call at a time, {len(direct)} of each in turn, ms",
        ("", "p50", "p95", "p99"),
        [
            (label, *(f"{percentile(values, share) * 1e3:.2f}" for share in (0.5, 0.95, 0.99)))
            for label, values in columns.items()
        ],
    )
    p50 = median(added) * 1e3
    return [(f"{name}: {p50:.2f} ms added at the median, at most {ADDED_MS:g}", p50 <= ADDED_MS)]


def measure_many(bench: Bench, name: str, front: Front, rounds: int) -> list[tuple[str, bool]]:
    """What many callers get."""
    at_once, apart = front.models
    loads: dict[str, list[list[float]]] = {"requests": [], "events, all at once": [], "events, one by one": []}
    for _ in range(rounds):
        loads["requests"].append(bench.run(front, at_once, "hi", stream=False).requests)
        loads["events, all at once"].append(bench.run(front, at_once, "many", stream=True).events)
        loads["events, one by one"].append(bench.run(front, apart, "many", stream=True).events)
    ratios = {what: [ours / direct for direct, _, ours in runs] for what, runs in loads.items()}
    table(
        f"{name}: {CLIENTS} clients, one process of ours, {rounds} rounds of {SECONDS:g} s, {CHUNKS} events a stream",
        ("a second", "direct", "a bare relay", "its ratio", "our server", "ratio p50", "lowest"),
        [
            (
                what,
                f"{median([direct for direct, _, _ in runs]):.0f}",
                f"{median([bare for _, bare, _ in runs]):.0f}",
                f"{median([bare / direct for direct, bare, _ in runs]):.2f}",
                f"{median([ours for _, _, ours in runs]):.0f}",
                f"{median(ratios[what]):.2f}",
                f"{min(ratios[what]):.2f}",
            )
            for what, runs in loads.items()
        ],
    )
    least = {what: REQUESTS if what == "requests" else EVENTS for what in loads}
    return [
        (
            f"{name}: {median(of):.2f} of the upstream's {what} a second, at least {least[what]}",
            median(of) >= least[what],
        )
        for what, of in ratios.items()
    ]


@contextmanager
def running() -> Generator[Bench]:
    """Everything started, and ended."""
    with (
        tempfile.TemporaryDirectory() as home,
        _python("relay_upstream.py", str(CHUNKS)) as upstream,
        _python("relay_load.py") as callers,
    ):
        port = _port(upstream)
        (Path(home) / "rhapsode.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")
        command = [sys.executable, "-m", "rhapsode", "serve", "--port", "0", "--home", home]
        with (
            _python("relay_bare.py", f"http://127.0.0.1:{port}") as bare,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server,  # noqa: S603
        ):
            try:
                kept = wait_until_ready(Path(home) / "credentials.toml", server)
                yield Bench(port, _port(bare), urlsplit(kept["base_url"]).netloc, kept["api_key"], callers)
            finally:
                server.terminate()


@contextmanager
def _python(*command: str) -> Generator["subprocess.Popen[str]"]:
    program = [sys.executable, *command]
    with subprocess.Popen(program, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.terminate()


def _port(server: "subprocess.Popen[str]") -> int:
    assert server.stdout is not None
    return int(server.stdout.readline())


def main(rounds: int) -> None:
    """Both dialects."""
    checks: list[tuple[str, bool]] = []
    with running() as bench:
        for name, front in FRONTS.items():
            checks += measure_one(bench, name, front, rounds)
            checks += measure_many(bench, name, front, rounds)
    finish(checks)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
