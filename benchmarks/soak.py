"""Nothing fails and nothing grows in twenty minutes of every endpoint at once.

The real command, with its embedded engines, keys, limits and the ledger, serves clients that each make one kind of call
after the other, as many at once as its limits admit. Memory is the resident set of all its processes together, after
the first fifth of the time against the last; open files are counted at the same moments.

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
from pathlib import Path

import aiohttp
import psutil
from bench_chat_server import wait_until_ready
from report import finish, median, percentile, table
from soak_calls import CALLS, WrongAnswer

CLIENTS = 6
GROWTH = 0.02
SAMPLE_SECONDS = 5.0
SETTINGS = f"""
[limits]
parallel = {2 * CLIENTS}
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


class Soak:
    """What was seen."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.took: dict[str, list[float]] = defaultdict(list)
        self.failed = Counter[str]()
        self.memory: list[tuple[float, int, int]] = []
        """when, resident bytes, open files"""

    def sample(self, at: float) -> None:
        """Look at the server and its workers."""
        family = [self._process, *self._process.children(recursive=True)]
        resident = sum(each.memory_info().rss for each in family)
        self.memory.append((at, resident, sum(each.num_fds() for each in family)))

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """The medians of memory and files, within parts of the whole time."""
        last = self.memory[-1][0]
        chosen = [(size, files) for at, size, files in self.memory if begin * last <= at <= end * last]
        return median([size for size, _ in chosen]), median([files for _, files in chosen])


async def soak(base_url: str, api_key: str, seen: Soak, seconds: float) -> None:
    """Clients and the one who looks, for so long."""
    begun = time.monotonic()
    headers = {"Authorization": f"Bearer {api_key}"}

    async def client() -> None:
        timeout = aiohttp.ClientTimeout(total=300)
        async with aiohttp.ClientSession(base_url, headers=headers, timeout=timeout) as session:
            names = [*CALLS]
            while time.monotonic() - begun < seconds:
                random.shuffle(names)
                for name in names:
                    start = time.monotonic()
                    try:
                        await CALLS[name](session)
                    except (WrongAnswer, aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
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
    print()


def main() -> None:
    """Run it."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "rhapsode.toml").write_text(SETTINGS)
        command = [sys.executable, "-m", "rhapsode", "serve", "--port", "0", "--home", str(home)]
        with (Path(folder) / "log").open("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:  # noqa: S603 - our own program
            try:
                kept = wait_until_ready(home / "credentials.toml", server)
                seen = Soak(psutil.Process(server.pid))
                asyncio.run(soak(kept["base_url"], kept["api_key"], seen, 60 * minutes))
            finally:
                server.terminate()
                server.wait(60)
            log.seek(0)
            complaints = [line for line in log if "[error" in line or "Traceback" in line]
        usage = [sys.executable, "-m", "rhapsode", "usage", "--home", str(home), "--json", "--by", "day"]
        rows = json.loads(subprocess.run(usage, capture_output=True, text=True, check=True).stdout)["rows"]  # noqa: S603 - our own program
    report(seen, complaints, sum(row["calls"] for row in rows), minutes)


def report(seen: Soak, complaints: list[str], calls: int, minutes: float) -> None:
    """Print what was seen, and end."""
    rows = [
        (name, str(len(took)), f"{median(took):.2f} s", f"{percentile(took, 0.95):.2f} s")
        for name, took in sorted(seen.took.items())
    ]
    table(
        f"{minutes:g} minutes, {CLIENTS} clients, {calls} calls in the ledger", ("round", "count", "p50", "p95"), rows
    )
    early, late = seen.between(0.2, 0.4), seen.between(0.8, 1.0)
    table(
        "the server and its workers; reference: the second fifth of the time",
        ("", "second fifth", "last fifth", "ratio"),
        [
            ("memory, MB", f"{early[0] / 1e6:.1f}", f"{late[0] / 1e6:.1f}", f"{late[0] / early[0]:.4f}"),
            ("open files", f"{early[1]:.0f}", f"{late[1]:.0f}", f"{late[1] / early[1]:.3f}"),
        ],
    )
    for failure, times in seen.failed.most_common(20):
        print(f"{times} x {failure}")
    for complaint in complaints[:20]:
        print(complaint.rstrip())
    finish(
        [
            (f"none of {sum(map(len, seen.took.values()))} rounds failed", not seen.failed),
            ("the server logged no error", not complaints),
            (f"memory grows by less than {GROWTH:.0%}", late[0] / early[0] < 1 + GROWTH),
            ("open files stay as many", late[1] <= early[1] * 1.1),
        ]
    )


if __name__ == "__main__":
    main()
