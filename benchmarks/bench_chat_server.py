"""How much of llama.cpp's speed reaches a caller of our server, over HTTP, as a stream.

Reference: llama.cpp called directly through xllamacpp, in this process, with the same model, messages and sampling. The
runs alternate, so that what else the machine does meets both.

    python benchmarks/bench_chat_server.py [rounds]
"""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from bench_chat_engine import MODEL, SPEED, Run, Subject, long_run, through_llama
from report import finish, median, percentile, table

from rhapsode.core.chat import ChatRequest
from rhapsode.dialects.minimax.chat_pro import ProCall, write_request
from rhapsode.dialects.minimax.chat_pro_reply import ProReply, read_event
from rhapsode.engines.chat.native import Size, load
from rhapsode.engines.cores import usable_cores


async def through_server(address: str, api_key: str, request: ChatRequest) -> Run:
    """By our server: seconds are the caller's."""
    asked = write_request(ProCall(request=replace(request, model="abab5.5-chat"), stream=True))
    return await asyncio.to_thread(_call, address, api_key, asked)


def _call(address: str, api_key: str, asked: bytes) -> Run:
    """With the standard library's client, which takes a tenth of the CPU that comfortable ones take for a stream.

    It shares the cores with the server here, and would slow it down otherwise.
    """
    connection = HTTPConnection(address, timeout=120)
    started = time.perf_counter()
    connection.request("POST", "/v1/text/chatcompletion_pro", asked, {"Authorization": f"Bearer {api_key}"})
    answer = connection.getresponse()
    last = answer.read1()
    first = now = time.perf_counter()
    while block := answer.read1():
        now = time.perf_counter()
        last += block
    connection.close()
    whole = read_event(last.rstrip().rpartition(b"data: ")[2])
    if not isinstance(whole, ProReply):
        raise TypeError("no end")
    return Run(first - started, whole.completion_tokens or 0, now - first)


async def compare(address: str, api_key: str, rounds: int) -> tuple[str, bool]:
    """Decoding speed against the reference."""
    size = Size(slots=4, context=8192, batch=32, threads=usable_cores())
    server = await asyncio.to_thread(load, MODEL, size, template="")
    subjects: dict[str, Subject] = {
        "llama.cpp, direct": partial(through_llama, server),
        "our server, over HTTP": partial(through_server, address, api_key),
    }
    runs: dict[str, list[Run]] = {name: [] for name in subjects}
    for subject in subjects.values():
        await long_run(subject)  # warm
    for _ in range(rounds):
        for name, subject in subjects.items():
            runs[name].append(await long_run(subject))
    rates = {name: [run.rate for run in each] for name, each in runs.items()}
    table(
        f"Decoding, one stream, {rounds} runs each",
        ("", "tokens/s p50", "p5", "p95", "first event, ms p50"),
        [
            (
                name,
                f"{median(values):.1f}",
                f"{percentile(values, 0.05):.1f}",
                f"{percentile(values, 0.95):.1f}",
                f"{median([run.first for run in runs[name]]) * 1e3:.0f}",
            )
            for name, values in rates.items()
        ],
    )
    direct, ours = (median(values) for values in rates.values())
    return f"{ours / direct:.2f} of llama.cpp's speed, at least {SPEED}", ours / direct >= SPEED


def main(rounds: int) -> None:
    """A server of its own, from a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "rhapsode", "serve", "--port", "0", "--home", home]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                kept = wait_until_ready(Path(home) / "credentials.toml", process)
                check = asyncio.run(compare(urlsplit(kept["base_url"]).netloc, kept["api_key"], rounds))
            finally:
                process.terminate()
    finish([check])


def wait_until_ready(credentials: Path, server: "subprocess.Popen[bytes]") -> dict[str, str]:
    """The server's address and key, once it takes connections: it writes them just before."""
    while not credentials.exists():
        assert server.poll() is None, "the server did not start"
        time.sleep(0.1)
    kept = tomllib.loads(credentials.read_text(encoding="utf-8"))
    address = urlsplit(str(kept["base_url"]))
    while True:
        assert server.poll() is None, "the server did not start"
        with suppress(ConnectionRefusedError), socket.create_connection((address.hostname or "", address.port or 80)):
            return kept
        time.sleep(0.1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
