"""What the server itself costs: beside its engine, beside one process, idle, and with a thousand streams open.

Reference: the same scripted engine behind the least server that Starlette makes (`cost_bare.py`), called by the same
callers in the same run. Ours has its keys, its limits and its ledger on. Servers and callers are processes of their own
and share this machine's cores; the runs alternate.

    python benchmarks/bench_server_cost.py [rounds]
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
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
kind = "tone"
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs: its first process, where it is called, and with what."""

    process: psutil.Process
    host: str
    port: int
    key: str = ""

    def target(self, text: str, *, model: str = "abab6.5s-chat", stream: bool = False) -> Target:
        """One call."""
        body = json.dumps(
            {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 200, "stream": stream}
        )
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return Target(self.host, self.port, head + body)

    def processes(self) -> list[psutil.Process]:
        """All of them."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds of the processor that they have taken so far."""
        times = [process.cpu_times() for process in self.processes()]
        return sum(each.user + each.system for each in times)


def free_port() -> int:
    """One that nobody listened at a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def our_server(home: Path, port: int, *, workers: int) -> Generator[Server]:
    """`rhapsode serve`, with a limit of each kind on its group, that nobody reaches."""
    home.mkdir(exist_ok=True)
    (home / "rhapsode.toml").write_text(SETTINGS.format(workers=workers), encoding="utf-8")
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

    def load(self, target: Target) -> float:
        """Requests a second of all clients."""
        return self.do(Job(targets=[target], clients=CLIENTS, seconds=SECONDS)).requests[0]


@contextmanager
def open_callers() -> Generator[Callers]:
    """Callers, as long as the block."""
    command = [sys.executable, str(HERE / "relay_load.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield Callers(process)
        finally:
            process.terminate()


def throughput(servers: Mapping[str, Server], callers: Callers, rounds: int, *, stream: bool) -> list[tuple[str, bool]]:
    """Requests a second and the CPU of each, runs alternating."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    costs: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(rounds + 1):
        for name, server in servers.items():
            before = server.cpu()
            rate = callers.load(server.target("How deep is the sea, and who has been there?", stream=stream))
            if turn:  # the first one warms up
                rates[name].append(rate)
                costs[name].append((server.cpu() - before) / (rate * SECONDS))
    kind = "streamed replies" if stream else "whole replies"
    table(
        f"{kind}, {CLIENTS} clients, {rounds} runs of {SECONDS:.0f} s each",
        ("", "requests/s p50", "min", "max", "CPU a request, µs p50"),
        [
            (
                name,
                f"{median(rates[name]):.0f}",
                f"{min(rates[name]):.0f}",
                f"{max(rates[name]):.0f}",
                f"{median(costs[name]) * 1e6:.0f}",
            )
            for name in servers
        ],
    )
    bare, one, two = servers
    share = median(rates[one]) / median(rates[bare])
    more = median(costs[two]) / median(costs[one])
    return [
        (f"{kind}: {share:.2f} of the bare server's requests a second, at least {REQUESTS}", share >= REQUESTS),
        (f"{kind}: two processes take {more:.2f} of one's CPU a request, at most {MORE_CPU}", more <= MORE_CPU),
    ]


def latency(servers: Mapping[str, Server], callers: Callers) -> tuple[str, bool]:
    """One call at a time, to each in turn."""
    targets = [server.target("How deep is the sea?") for server in servers.values()]
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
    target = server.target("Is anybody there?", model="slow", stream=True)
    begun = asyncio.Semaphore(0)
    all_begun = asyncio.Event()

    async def listen() -> bool:
        reader, writer = await asyncio.open_connection(target.host, target.port)
        writer.write(target.request.encode())
        heard = await reader.readuntil(b"data: ")
        begun.release()
        await all_begun.wait()
        while not heard.endswith(b"\r\n0\r\n\r\n") and (block := await reader.read(65536)):
            heard = heard[-16:] + block
        writer.close()
        return b"[DONE]" in heard or heard.endswith(b"\r\n0\r\n\r\n")

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
        ports = free_port(), free_port()
        for port in ports:  # the first start alone holds what makes the database
            with our_server(homes / str(port), port, workers=1):
                pass
        one, two = ports
        servers = {
            "bare Starlette": stack.enter_context(bare_server()),
            "ours, one process": stack.enter_context(our_server(homes / str(one), one, workers=1)),
            "ours, two processes": stack.enter_context(our_server(homes / str(two), two, workers=2)),
        }
        checks = [idle({name: server for name, server in servers.items() if name.startswith("ours")})]
        callers = stack.enter_context(open_callers())
        for stream in (False, True):
            checks += throughput(servers, callers, rounds, stream=stream)
        checks.append(latency(servers, callers))
        checks.append(asyncio.run(open_streams(servers["ours, one process"])))
    finish(checks)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
