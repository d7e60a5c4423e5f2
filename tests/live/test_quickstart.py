"""The two quickstart jobs, and speech as a stream, by the programs of `examples/`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.listening import decode
from tests.live.running import LiveServer

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(program: str, *words: str, cwd: Path, stdin: str = "", environment: dict[str, str] | None = None) -> str:
    command = [sys.executable, str(EXAMPLES / program), *words]
    done = subprocess.run(
        command, cwd=cwd, input=stdin, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo(tmp_path: Path) -> None:
    said = run("demo.py", cwd=tmp_path)
    replies = re.findall(r"^(?:小明: )?MM智能助理: (.+)$", said, re.MULTILINE)
    assert len(replies) == 2
    assert all(reply.strip() for reply in replies)
    length, size = re.findall(r"output\.mp3: ([\d.]+) s, (\d+) bytes", said)[0]
    assert 1 < float(length) < 10
    assert (tmp_path / "output.mp3").stat().st_size == int(size)


def test_the_second_turn_carries_the_first(deterministic: LiveServer, tmp_path: Path) -> None:
    said = run(
        "quickstart_chat.py", cwd=tmp_path, stdin="我叫小明。\n我叫什么？\n", environment=deterministic.environment()
    )
    # The scripted engine tells how many turns reached it.
    assert "1" in said.splitlines()[1]
    assert "3" in said.splitlines()[3]


@pytest.mark.parametrize("words", [(), ("再见，小明。",)])
def test_the_speech_of_the_quickstart(embedded: LiveServer, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = run("quickstart_t2a.py", *words, cwd=tmp_path, environment=embedded.environment())
    assert re.fullmatch(r"output\.mp3 written \(trace [0-9a-f]{32}\)\n", said)
    samples, rate = decode((tmp_path / "output.mp3").read_bytes(), tmp_path)
    assert 0.5 < len(samples) / rate < 10


def test_speech_that_is_heard_while_it_is_made(embedded: LiveServer, tmp_path: Path) -> None:
    said = run("t2a_v2_stream.py", cwd=tmp_path, environment=embedded.environment())
    length, size = re.findall(r"output\.mp3: ([\d.]+) s, (\d+) bytes", said)[0]
    assert (tmp_path / "output.mp3").stat().st_size == int(size)
    samples, rate = decode((tmp_path / "output.mp3").read_bytes(), tmp_path)
    assert len(samples) / rate == pytest.approx(float(length), abs=0.2)
