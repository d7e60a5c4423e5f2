"""What the server itself costs: beside its engine, beside one process, idle, and with a thousand streams open.

Reference: the same scripted engine behind the least server that Starlette makes (`cost_bare.py`), called by the same
callers in the same run. Ours has its keys, its limits and its ledger on. Servers and callers are processes of their own
and share this machine's cores; the runs alternate. What many processes ask the one that holds the engines is compared
with one process that has them itself, where a short text is spoken. Every server is in its first start.

    python benchmarks/bench_server_cost.py [rounds]
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psutil
from bench_chat_server import wait_until_ready
from relay_load import Job, Outcome, Target
from report import finish, median, percentile, table

CLIENTS, PAIRS, SECONDS, STREAMS = 16, 300, 2.0, 1000
SPEAKING = 4
"""clients whose texts are spoken"""
LAST_CHUNK = b"\r\n0\r\n\r\n"
HERE = Path(__file__).parent

REQUESTS, ADDED_MS, IDLE = 0.35, 1.0, 90 * 2**20
"""What is promised: of the bare server's requests a second, added to one call at the median, bytes when idle."""

MORE_CPU = 1.05
"""What two processes may take of one's CPU time a request before it counts as more: what such figures stray by here."""

SETTINGS = """
[server]
workers = {workers}
[chat.engines.embedded]
kind = "scripted"
[chat.engines.slow]
kind = "scripted"
pause = 0.5
[chat.models]
slow = ["slow"]
[speech.engines.embedded]
kind = "{speech}"
"""
CHAT = {
    "model": "abab6.5s-chat",
    "messages": [{"role": "user", "content": "How deep is the sea, and who has been there?"}],
    "max_tokens": 200,
}
SPEECH = {"model": "tts-1", "voice": "alloy", "input": "Aye.", "response_format": "pcm"}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs: its first process, where it is called, and with what."""

    process: psutil.Process
    host: str
    port: int
    key: str = ""

    def chat(self, **more: object) -> Target:
        """One call of chat."""
        return self._target("/v1/chat/completions", {**CHAT, **more})

    def speech(self) -> Target:
        """One call of speech."""
        return self._target("/v1/audio/speech", SPEECH)

    def _target(self, path: str, sent: Mapping[str, object]) -> Target:
        body = json.dumps(sent)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return Target(self.host, self.port, head + body)

    def processes(self) -> list[psutil.Process]:
        """All of them."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds of the processor that all of them have taken so far, and those that have ended."""
        return sum(sum(process.cpu_times()[:4]) for process in self.processes())


def free_port() -> int:
    """One that nobody listened at a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def our_server(home: Path, *, workers: int, speech: str = "tone") -> Generator[Server]:
    """`rhapsode serve`, with a limit of each kind on its group, that nobody reaches."""
    home.mkdir()
    port = free_port()
    (home / "rhapsode.toml").write_text(SETTINGS.format(workers=workers, speech=speech), encoding="utf-8")
    rhapsode = [sys.executable, "-m", "rhapsode"]
    command = [*rhapsode, "serve", "--port", str(port), "--home", str(home)]
    with (home / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:  # noqa: S603
        try:
            kept = wait_until_ready(home / "credentials.toml", process)
            limits = ["--requests", "100000000", "--tokens", "1000000000", "--parallel", "100000"]
            group = ["--group", kept["group_id"], "--home", str(home)]
            subprocess.run([*rhapsode, "limits", "set", *limits, *group], check=True, stdout=log)  # noqa: S603
            address = urlsplit(kept["base_url"])
            host = address.hostname or ""
            yield Server(process=psutil.Process(process.pid), host=host, port=port, key=kept["api_key"])
        finally:
            process.terminate()
            process.wait()


@contextmanager
def bare_server() -> Generator[Server]:
    """The reference."""
    command = [sys.executable, str(HERE / "cost_bare.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Server(process=psutil.Process(process.pid), host="127.0.0.1", port=port)
        finally:
            process.terminate()


class Callers:
    """The process that calls."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def do(self, job: Job) -> Outcome:
        """One job."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(job).decode() + "\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Outcome)

    def load(self, target: Target, clients: int) -> float:
        """Requests a second of so many clients."""
        return self.do(Job(targets=[target], clients=clients, seconds=SECONDS)).requests[0]


@contextmanager
def open_callers() -> Generator[Callers]:
    """Callers, as long as the block."""
    command = [sys.executable, str(HERE / "relay_load.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield Callers(process)
        finally:
            process.terminate()


def costs(
    title: str,
    servers: Mapping[str, Server],
    callers: Callers,
    rounds: int,
    call: Callable[[Server], Target],
    *,
    clients: int = CLIENTS,
) -> tuple[list[float], list[float]]:
    """Requests a second of each server, and its seconds of CPU a request, at the median; runs alternating."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    taken: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(rounds + 1):
        for name, server in servers.items():
            before = server.cpu()
            rate = callers.load(call(server), clients)
            if turn:  # the first one warms up
                rates[name].append(rate)
                taken[name].append((server.cpu() - before) / (rate * SECONDS))
    table(
        f"{title}, {clients} clients, {rounds} runs of {SECONDS:.0f} s each",
        ("", "requests/s p50", "min", "max", "CPU a request, µs p50", "min", "max"),
        [
            (
                name,
                *(f"{figure(rates[name]):.0f}" for figure in (median, min, max)),
                *(f"{figure(taken[name]) * 1e6:.0f}" for figure in (median, min, max)),
            )
            for name in servers
        ],
    )
    return [median(rates[name]) for name in servers], [median(taken[name]) for name in servers]


def throughput(servers: Mapping[str, Server], callers: Callers, rounds: int, *, stream: bool) -> list[tuple[str, bool]]:
    """Beside the bare server, and beside one process."""
    kind = "streamed replies" if stream else "whole replies"
    rates, taken = costs(kind, servers, callers, rounds, lambda server: server.chat(stream=stream))
    share = rates[1] / rates[0]
    return [
        (f"{kind}: {share:.2f} of the bare server's requests a second, at least {REQUESTS}", share >= REQUESTS),
        more_cpu(kind, taken[1], taken[2]),
    ]


def more_cpu(kind: str, one: float, two: float) -> tuple[str, bool]:
    """What two processes take of the CPU time that one takes."""
    more = two / one
    return f"{kind}: two processes take {more:.2f} of one's CPU a request, at most {MORE_CPU}", more <= MORE_CPU


def shared_engine(homes: Path, callers: Callers, rounds: int) -> tuple[str, bool]:
    """Speech by an engine that two processes ask, in a process of its own, beside one that has it itself."""
    with (
        our_server(homes / "own", workers=1, speech="espeak") as own,
        our_server(homes / "shared", workers=2, speech="espeak") as shared,
    ):
        assert any("rhapsode-engines" in process.cmdline() for process in shared.processes())
        servers = {"ours, one process": own, "ours, two processes and the engine's": shared}
        _, taken = costs("a short text spoken", servers, callers, rounds, Server.speech, clients=SPEAKING)
    return more_cpu("speech by an engine that they share", taken[0], taken[1])


def latency(servers: Mapping[str, Server], callers: Callers) -> tuple[str, bool]:
    """One call at a time, to each in turn."""
    targets = [server.chat() for server in servers.values()]
    outcome = callers.do(Job(targets=targets, pairs=PAIRS))
    table(
        f"One call at a time, {PAIRS} to each in turn, ms",
        ("", "p50", "p95", "p99"),
        [
            (name, *(f"{percentile(seconds, share) * 1e3:.2f}" for share in (0.5, 0.95, 0.99)))
            for name, seconds in zip(servers, outcome.seconds, strict=True)
        ],
    )
    added = (median(outcome.seconds[1]) - median(outcome.seconds[0])) * 1e3
    return f"{added:.2f} ms added to one call at the median, at most {ADDED_MS}", added <= ADDED_MS


def idle(servers: Mapping[str, Server]) -> tuple[str, bool]:
    """Resident memory of every process."""
    rows: list[tuple[str, ...]] = []
    sizes: list[int] = []
    for name, server in servers.items():
        for process in server.processes():
            memory = process.memory_full_info()
            sizes.append(memory.rss)
            figures = (memory.rss, memory.pss, memory.uss)
            rows.append((name, process.cmdline()[-1][:24], *(f"{figure / 2**20:.1f}" for figure in figures)))
    table("Idle, MB", ("", "process", "RSS", "PSS", "USS"), rows)
    most = max(sizes)
    return f"the largest idle process holds {most / 2**20:.0f} MB, less than {IDLE / 2**20:.0f}", most < IDLE


async def open_streams(server: Server) -> tuple[str, bool]:
    """As many streams as are promised, all open at once, each of them to its last event."""
    target = server.chat(model="slow", stream=True)
    begun = asyncio.Semaphore(0)
    all_begun = asyncio.Event()

    async def listen() -> bool:
        reader, writer = await asyncio.open_connection(target.host, target.port)
        writer.write(target.request.encode())
        try:
            heard = await reader.readuntil(b"data: ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):  # an answer of another kind, which ends
            return False
        finally:
            begun.release()
        await all_begun.wait()
        while not heard.endswith(LAST_CHUNK) and (block := await reader.read(65536)):
            heard += block
        writer.close()
        is_well = heard.startswith(b"HTTP/1.1 200 ") and heard.endswith(LAST_CHUNK)
        return is_well and heard.count(b"data: [DONE]") == 1

    listening = [asyncio.create_task(listen()) for _ in range(STREAMS)]
    for _ in range(STREAMS):
        await begun.acquire()
    held = server.process.memory_info().rss
    files = server.process.num_fds()
    all_begun.set()
    whole = sum(await asyncio.gather(*listening))
    table(
        f"{STREAMS} streams open at once on one process",
        ("streams complete", "open files", "RSS meanwhile, MB"),
        [(str(whole), str(files), f"{held / 2**20:.0f}")],
    )
    return f"{whole} of {STREAMS} streams reach their end", whole == STREAMS


def main(rounds: int) -> None:
    """Everything, in homes of their own."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        homes = Path(directory)
        servers = {
            "bare Starlette": stack.enter_context(bare_server()),
            "ours, one process": stack.enter_context(our_server(homes / "one", workers=1)),
            "ours, two processes": stack.enter_context(our_server(homes / "two", workers=2)),
        }
        checks = [idle({name: server for name, server in servers.items() if name.startswith("ours")})]
        callers = stack.enter_context(open_callers())
        for stream in (False, True):
            checks += throughput(servers, callers, rounds, stream=stream)
        checks.append(latency(servers, callers))
        checks.append(asyncio.run(open_streams(servers["ours, one process"])))
        checks.append(shared_engine(homes, callers, rounds))
    finish(checks)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
