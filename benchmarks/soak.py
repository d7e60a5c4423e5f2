"""Nothing fails and nothing grows in twenty minutes of every endpoint at once.

The real command, with its embedded engines, keys, limits and the ledger, serves clients that each make one kind of call
after the other: as many as its limits admit at once, and as fast as they are answered. Memory is the resident set of
all its processes together, in the second fifth of the time against the last; open files are counted at the same time.
No address may be left out, and the ledger must have a row for each call that did work.

    python benchmarks/soak.py [minutes]
"""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import psutil
import soak_calls as calls
import soak_upkeep as upkeep
from bench_chat_server import wait_until_ready
from report import finish, median, percentile, table
from soak_addresses import addresses_of, recorded, rows_by_operation

CLIENTS = 6
"""As many as places, but for one, which a listener who left may still have."""

GROWTH = 0.02
SAMPLE_SECONDS = 5.0
SETTINGS = f"""
[limits]
parallel = {CLIENTS + 1}
requests_per_minute = 100000
tokens_per_minute = 10000000
[embed]
default = "letters"
[embed.engines.letters]
kind = "scripted"
[files]
group_count = 1000000
speech_hours = 0.05
[prices.models."*"]
prompt = 0.001
reply = 0.002
characters = 0.1
"""


Round = Callable[[aiohttp.ClientSession], Awaitable[None]]


def rounds(admin_key: str) -> Mapping[str, Round]:
    """By their names; each is several requests."""
    return {
        "chat_pro": calls.chat_pro,
        "chat_streams": calls.chat_streams,
        "chat_older": calls.chat_older,
        "chat_aloud": calls.chat_aloud,
        "openai": calls.openai,
        "speech_whole": calls.speech_whole,
        "speech_streams": calls.speech_streams,
        "speech_left": calls.speech_left,
        "socket": calls.socket,
        "long_texts": upkeep.long_texts,
        "files": upkeep.files,
        "voices": upkeep.voices,
        "administration": partial(upkeep.administration, admin_key=admin_key),
        "mistakes": upkeep.mistakes,
    }


class Soak:
    """What was seen."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.took: dict[str, list[float]] = defaultdict(list)
        self.failed = Counter[str]()
        self.requests = Counter[tuple[str, str]]()
        """by method and path, but for those that are refused at the door"""
        self.memory: list[tuple[float, int, int]] = []
        """when, resident bytes, open files"""

    async def count(self, _session: object, _context: SimpleNamespace, sent: aiohttp.TraceRequestStartParams) -> None:
        """A request goes out."""
        if "soak" not in sent.url.query:
            self.requests[sent.method, sent.url.path] += 1

    def sample(self, at: float) -> None:
        """Look at the server and its workers; one of these may just have ended."""
        resident = files = 0
        for each in [self._process, *self._process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                resident += each.memory_info().rss
                files += each.num_fds()
        self.memory.append((at, resident, files))

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """The medians of memory and files, within parts of the whole time."""
        last = self.memory[-1][0]
        chosen = [(size, files) for at, size, files in self.memory if begin * last <= at <= end * last]
        return median([size for size, _ in chosen]), median([files for _, files in chosen])


async def soak(base_url: str, api_key: str, seen: Soak, kinds: Mapping[str, Round], seconds: float) -> None:
    """Clients and the one who looks, for so long."""
    begun = time.monotonic()
    headers = {"Authorization": f"Bearer {api_key}"}
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(seen.count)

    async def client() -> None:
        timeout = aiohttp.ClientTimeout(total=300)
        async with aiohttp.ClientSession(base_url, headers=headers, timeout=timeout, trace_configs=[trace]) as session:
            names = [*kinds]
            while time.monotonic() - begun < seconds:
                random.shuffle(names)
                for name in names:
                    start = time.monotonic()
                    try:
                        await kinds[name](session)
                    except (calls.WrongAnswer, aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
                        seen.failed[f"{name}: {type(error).__name__} {error}"[:300]] += 1
                    seen.took[name].append(time.monotonic() - start)

    async def look() -> None:
        while True:
            seen.sample(time.monotonic() - begun)
            done = sum(map(len, seen.took.values()))
            print(
                f"\r{time.monotonic() - begun:6.0f} s  {done} rounds  {seen.failed.total()} failed", end="", flush=True
            )
            await asyncio.sleep(SAMPLE_SECONDS)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking  # it looked to the end, or this says why not
    print()


def main() -> None:
    """Run it."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "rhapsode.toml").write_text(SETTINGS)
        rhapsode = [sys.executable, "-m", "rhapsode"]
        command = [*rhapsode, "serve", "--port", "0", "--home", str(home)]
        with (Path(folder) / "log").open("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:  # noqa: S603 - our own program
            try:
                kept = wait_until_ready(home / "credentials.toml", server)
                seen = Soak(psutil.Process(server.pid))
                make_admin = [*rhapsode, "admin-keys", "create", "--name", "Soak", "--home", str(home), "--json"]
                made = json.loads(subprocess.run(make_admin, capture_output=True, text=True, check=True).stdout)  # noqa: S603
                asyncio.run(soak(kept["base_url"], kept["api_key"], seen, rounds(made["api_key"]), 60 * minutes))
            finally:
                server.terminate()
                server.wait(60)
            log.seek(0)
            complaints = [line for line in log if "[error" in line or "Traceback" in line]
        addresses = addresses_of(Path(folder) / "other")
        checks = [
            *report(seen, complaints, minutes),
            ("the server ended well", server.returncode == 0),
            *recorded(seen.requests, addresses, rows_by_operation(home / "rhapsode.db")),
        ]
    finish(checks)


def report(seen: Soak, complaints: list[str], minutes: float) -> list[tuple[str, bool]]:
    """Print what was seen; what is promised of it."""
    rows = [
        (name, str(len(took)), f"{median(took):.2f} s", f"{percentile(took, 0.95):.2f} s")
        for name, took in sorted(seen.took.items())
    ]
    table(
        f"{minutes:g} minutes, {CLIENTS} clients, {seen.requests.total()} requests",
        ("round", "count", "p50", "p95"),
        rows,
    )
    fifths = [seen.between(part / 5, (part + 1) / 5) for part in range(5)]
    early, late = fifths[1], fifths[4]
    table(
        "the server and its workers; reference: the second fifth of the time",
        ("", "first fifth", "second", "third", "fourth", "last", "last / second"),
        [
            ("memory, MB", *(f"{size / 1e6:.1f}" for size, _ in fifths), f"{late[0] / early[0]:.4f}"),
            ("open files", *(f"{files:.0f}" for _, files in fifths), f"{late[1] / early[1]:.3f}"),
        ],
    )
    for failure, times in seen.failed.most_common(20):
        print(f"{times} x {failure}")
    for complaint in complaints[:20]:
        print(complaint.rstrip())
    return [
        (f"none of {sum(map(len, seen.took.values()))} rounds failed", not seen.failed),
        ("the server logged no error", not complaints),
        (f"memory grows by less than {GROWTH:.0%}", late[0] / early[0] < 1 + GROWTH),
        ("open files stay as many", late[1] <= early[1] * 1.1),
    ]


if __name__ == "__main__":
    main()
