"""How does speech arrive at a caller's socket? First sound, gaps, ten minutes of text, and memory.

Everything is asked of the real command over HTTP, as T2A v2 streams and whole replies. The reference is espeak-ng piped
into LAME, in this process: the least that any of it could take. Parallel listeners share the machine with the server.

    python benchmarks/bench_speech_server.py [rounds]
"""

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from bench_chat_server import wait_until_ready
from report import finish, median, percentile, table

from rhapsode.audio.encode import open_encoder
from rhapsode.core.speech import AudioSetting, Pcm
from rhapsode.engines.speech.espeak_library import EspeakLibrary

SENTENCE = "今天早上天气很好，我们一家人决定去城外的公园散步，路边的花都开了，孩子们跑来跑去，非常热闹。"
HUNDRED = (SENTENCE * 3)[:100]
RATE = 24000
BYTES_A_SECOND = RATE * 2
TEN_MINUTES = 600
FIRST_SOUND = 0.150
GROWTH = 0.02


@dataclass(frozen=True)
class Heard:
    """One stream: seconds until the first sound, of sound in all, and the longest wait for sound that was due."""

    first: float
    seconds: float
    gap: float


@dataclass(frozen=True)
class Server:
    """Where to call."""

    address: str
    api_key: str

    def post(self, path: str, body: object) -> HTTPConnection:
        """A connection with the request sent."""
        connection = HTTPConnection(self.address, timeout=600)
        connection.request("POST", path, json.dumps(body).encode(), {"Authorization": f"Bearer {self.api_key}"})
        return connection

    def listen(self, text: str) -> Heard:
        """Hear a stream, playing it as it comes."""
        started = time.perf_counter()
        connection = self.post(
            "/v1/t2a_v2",
            {
                "model": "speech-01",
                "text": text,
                "stream": True,
                "stream_options": {"exclude_aggregated_audio": True},
                "voice_setting": {"voice_id": "female-shaonv"},
                "audio_setting": {"format": "pcm", "sample_rate": RATE},
            },
        )
        answer = connection.getresponse()
        first, played, gap = 0.0, 0.0, 0.0
        for line in answer:
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            if event["base_resp"]["status_code"]:
                raise RuntimeError(event["base_resp"]["status_msg"])
            sound = len(event["data"]["audio"] or "") / 2 / BYTES_A_SECOND
            if not sound:
                continue
            now = time.perf_counter() - started
            first = first or now
            # What was there until now is played out at `first + played`; later than that, silence was heard.
            gap = max(gap, now - (first + played))
            played += sound
        connection.close()
        return Heard(first, played, gap)

    def say(self, text: str) -> int:
        """A whole reply; its size."""
        connection = self.post("/v1/text_to_speech", {"model": "speech-01", "text": text, "voice_id": "female-shaonv"})
        answer = connection.getresponse()
        size = len(answer.read())
        if answer.headers["Content-Type"] != "audio/mpeg":
            raise RuntimeError("no sound")
        connection.close()
        return size


def espeak_into_lame(text: str) -> tuple[float, float]:
    """Seconds of work, and of sound, of the least there can be."""
    library = EspeakLibrary()
    started = time.perf_counter()
    sound = library.speak(text, "zh", lambda: False).sound
    encoder = open_encoder(AudioSetting(sample_rate=22050))
    encoder.feed(Pcm(rate=library.rate, samples=sound.astype("<f4").tobytes()))
    encoder.finish()
    return time.perf_counter() - started, len(sound) / library.rate


def listeners(server: Server, count: int, rounds: int) -> list[Heard]:
    """So many at once, each one call after the other."""
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(server.listen, [HUNDRED] * (count * rounds)))


def memory(process: psutil.Process) -> int:
    """Bytes of the server and its workers."""
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def measure(server: Server, process: psutil.Process, rounds: int) -> list[tuple[str, bool]]:
    """Every table; the promises."""
    server.listen(HUNDRED)  # warm
    reference, _ = espeak_into_lame(HUNDRED)
    heard = {count: listeners(server, count, max(2, rounds // count)) for count in (1, 4, 8)}
    table(
        "a stream of 100 characters, at the caller's socket; reference: espeak-ng into LAME, the whole text in "
        f"{reference * 1000:.0f} ms",
        ("listeners", "calls", "first sound p50", "p95", "ratio of p50", "longest gap"),
        [
            (
                str(count),
                str(len(each)),
                f"{median([one.first for one in each]) * 1000:.0f} ms",
                f"{percentile([one.first for one in each], 0.95) * 1000:.0f} ms",
                f"{median([one.first for one in each]) / reference:.1f}",
                f"{max(one.gap for one in each) * 1000:.0f} ms",
            )
            for count, each in heard.items()
        ],
    )
    text = SENTENCE * (TEN_MINUTES * 5 // len(SENTENCE))
    started = time.perf_counter()
    long = server.listen(text)
    took = time.perf_counter() - started
    least, _ = espeak_into_lame(text)
    table(
        f"{long.seconds / 60:.1f} minutes of speech, {len(text)} characters; reference: espeak-ng into LAME",
        ("", "seconds", "of real time", "ratio"),
        [
            ("espeak-ng into LAME", f"{least:.1f}", f"{least / long.seconds:.4f}", "1"),
            ("our stream", f"{took:.1f}", f"{took / long.seconds:.4f}", f"{took / least:.1f}"),
        ],
    )
    sizes: list[int] = []
    for count in (100, 900):
        for _ in range(count):
            server.say("你好。")
        sizes.append(memory(process))
    growth = sizes[1] / sizes[0] - 1
    table(
        "memory of the server and its workers; reference: after 100 requests",
        ("after", "MB", "ratio"),
        [("100 requests", f"{sizes[0] / 1e6:.1f}", "1"), ("1,000", f"{sizes[1] / 1e6:.1f}", f"{1 + growth:.4f}")],
    )
    alone = percentile([one.first for one in heard[1]], 0.95)
    return [
        (f"the first sound comes within {FIRST_SOUND * 1000:.0f} ms, p95 alone", alone <= FIRST_SOUND),
        ("no gap at 4 listeners", max(one.gap for one in heard[4]) <= 0),
        (f"memory grows by less than {GROWTH:.0%} from 100 requests to 1,000", growth < GROWTH),
    ]


def main(rounds: int) -> None:
    """A server of its own, from a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        Path(home, "rhapsode.toml").write_text('[chat.engines.embedded]\nkind = "scripted"\n', encoding="utf-8")
        command = [sys.executable, "-m", "rhapsode", "serve", "--port", "0", "--home", home]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                kept = wait_until_ready(Path(home) / "credentials.toml", process)
                server = Server(urlsplit(kept["base_url"]).netloc, kept["api_key"])
                checks = measure(server, psutil.Process(process.pid), rounds)
            finally:
                process.terminate()
    finish(checks)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
