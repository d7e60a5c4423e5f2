"""`rhapsode doctor`: what it finds, what it says to do, and its exit status."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Formatter

import pytest

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, Level, Said
from rhapsode.cli.checks.home import check_home
from rhapsode.cli.checks.installed import EXTRAS, check_extras
from rhapsode.cli.checks.machine import check_clock, check_disk, check_ffmpeg, check_memory, check_processor
from rhapsode.cli.checks.skew import check_skew
from rhapsode.settings.home import Home
from tests.cli.command import environment
from tests.cli.doctor_here import look, typed
from tests.live.running import DETERMINISTIC
from tests.postgresql import Postgresql
from tests.redis_server import running_redis

V3 = "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 abm avx avx2 bmi1 bmi2 f16c fma movbe"
TONE = '[speech.engines.embedded]\nkind = "tone"\n'
SAID = {name: value for name, value in vars(words).items() if isinstance(value, Said)}


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("name", SAID)
def test_both_languages_say_the_same_with_the_same_facts(name: str) -> None:
    def names(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field is not None}

    assert names(SAID[name].english) == names(SAID[name].chinese)


def test_a_new_home_is_well_and_stays_untouched(tmp_path: Path, free_port: int) -> None:
    home = tmp_path / "home"
    found = look(home, settings=f"[server]\nport = {free_port}\n{DETERMINISTIC}")
    assert {finding["level"] for finding in found.values()} <= {"ok", "warn"}
    assert found["port"]["said"] == f"127.0.0.1:{free_port} is free"
    assert found["database"]["said"] == "it is made on the first start"
    assert found["speech"]["facts"]["kind"] == "tone"
    assert [path.name for path in home.iterdir()] == ["rhapsode.toml"]
    assert not (tmp_path / "absent").exists()


def test_nothing_is_made_where_there_is_no_home(tmp_path: Path) -> None:
    (finding,) = check_home(Home(tmp_path / "absent" / "home"))
    assert finding.level is Level.OK
    assert finding.said.told(finding.facts, chinese=True) == f"{tmp_path / 'absent' / 'home'} 将在首次启动时创建"
    assert not (tmp_path / "absent").exists()


def test_it_says_what_to_do_and_fails(tmp_path: Path) -> None:
    settings = '[chat.engines.embedded]\nkind = "llama"\nmodel = "qwen3-8b"\n[speech.engines.embedded]\nkind = "tone"\n'
    found = look(tmp_path / "home", settings="[server]\nport = 0\n" + settings, status=1)
    assert found["model qwen3-8b"]["level"] == "fail"
    assert found["model qwen3-8b"]["fix"] == "rhapsode models pull qwen3-8b"
    done = typed(tmp_path / "home", LC_ALL="zh_CN.UTF-8")
    assert done.exit_code == 1
    assert re.search(r"^fail model qwen3-8b +the model qwen3-8b is not on this machine", done.stdout, re.MULTILINE)
    assert "      -> rhapsode models pull qwen3-8b\n" in done.stdout
    assert re.search(r"^失败：1。警告：[01]。$", done.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("[server]\nport = 70000\n", "server.port"),
        ('[chat.engines.embedded]\nkind = "llama"\nslots = 0\n' + TONE, "slots"),
        ('[speech.engines.embedded]\nkind = "harp"\n', "there is no kind 'harp'"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: str, reason: str) -> None:
    found = look(tmp_path / "home", settings=settings, status=1)
    assert found["settings"]["level"] == "fail"
    assert reason in found["settings"]["said"]


def test_a_port_that_is_taken_is_told_with_who_has_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = look(tmp_path / "home", settings=f"[server]\nport = {port}\n{DETERMINISTIC}", status=1)
    assert found["port"]["level"] == "fail"
    assert found["port"]["facts"]["who"].endswith(f", {os.getpid()}")


def test_what_others_may_read_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    (home / "secret").write_text("s" * 43)
    (home / "secret").chmod(0o644)
    found = look(home, settings="[server]\nport = 0\n" + DETERMINISTIC)
    assert found["home rights"]["level"] == "warn"
    assert found["home rights"]["fix"] == f"chmod go-rwx {home / 'secret'}"


class _Upstream(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        good = self.headers["Authorization"] == "Bearer good"
        self.send_response(200 if good else 401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Upstream) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_upstreams_are_asked_where_that_is_wished(tmp_path: Path, upstream: str) -> None:
    settings = f"""[server]
port = 0
[chat]
default = "big"
[chat.engines.big]
kind = "openai"
base_url = "{upstream}"
api_key_env = "BIG_KEY"
[speech.engines.embedded]
kind = "tone"
"""
    home = tmp_path / "home"
    found = look(home, "--online", settings=settings, BIG_KEY="good")
    assert found["chat engine big"]["said"].startswith(f"{upstream}/v1/models answers 200 in ")
    assert found["chat engine big clock"]["level"] == "ok"
    refused = look(home, "--online", BIG_KEY="wrong", status=1)
    assert "refuses the key" in refused["chat engine big"]["said"]
    assert "wrong" not in json.dumps(refused)
    assert "chat engine big" not in look(home, BIG_KEY="wrong")


BASE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
sys.argv = ["rhapsode", "doctor", "--json"]
from rhapsode.cli.main import run
run()
"""


def test_a_base_install_is_looked_at_too(tmp_path: Path) -> None:
    extras = {package.partition(".")[0] for packages in EXTRAS.values() for package in packages}
    blocked = extras | {"numpy", "aiohttp", "yarl", "alembic", "soxr", "soundfile", "lameenc", "re2", "httptools"}
    done = subprocess.run(
        [sys.executable, "-c", BASE.format(blocked=blocked)],
        env=environment(tmp_path / "home", {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {finding["check"]: finding for finding in json.loads(done.stdout)}
    assert found["extra server"]["level"] == "warn"
    assert found["extra server"]["fix"] == "pip install 'rhapsode[server]'"
    assert found["extra espeak"]["level"] == "ok"
    assert "database" not in found


def test_an_extra_that_the_settings_need_is_missed() -> None:
    found = check_extras({"postgres"}, lambda package: package not in {"psycopg", "redis"})
    assert [finding.level for finding in found] == [Level.OK, Level.OK, Level.FAIL, Level.OK, Level.OK]


def test_processors_are_told_apart(tmp_path: Path) -> None:
    def cpu(flags: str, *, llama: bool = True, machine: str = "x86_64") -> Finding:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
        return check_processor(llama=llama, machine=machine, cpuinfo=tmp_path / "cpuinfo")

    assert cpu(V3).facts["level"] == "x86-64-v3"
    assert cpu(V3 + " avx512f avx512bw avx512cd avx512dq avx512vl").facts["level"] == "x86-64-v4"
    old = cpu("cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 avx")
    assert (old.level, old.facts["level"]) == (Level.FAIL, "x86-64-v2")
    assert old.facts["lacking"] == "abm, avx2, bmi1, bmi2, f16c, fma, movbe"
    assert cpu("sse2", llama=False).level is Level.WARN
    assert cpu("", machine="aarch64").facts["level"] == "aarch64"
    assert check_processor(llama=True, machine="AMD64", cpuinfo=tmp_path / "absent").level is Level.OK


def test_memory_is_what_the_container_allows(tmp_path: Path) -> None:
    meminfo, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    meminfo.write_text("MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n")
    limit.write_text("max\n")
    gb = 10**9
    levels = [check_memory(size * gb, meminfo=meminfo, limit=limit).level for size in (1, 10, 20)]
    assert levels == [Level.OK, Level.WARN, Level.FAIL]
    limit.write_text(f"{2 * gb}\n")
    assert check_memory(3 * gb, meminfo=meminfo, limit=limit).level is Level.FAIL
    assert check_memory(3 * gb, meminfo=tmp_path / "absent", limit=limit).level is Level.OK


def test_clock_disk_and_ffmpeg(tmp_path: Path) -> None:
    assert check_clock(lambda: 0.0).level is Level.FAIL
    assert check_clock().level is Level.OK
    assert check_skew("clock", -90.0).level is Level.WARN
    assert check_disk(tmp_path / "not" / "yet").facts["path"] == str(tmp_path)
    assert check_ffmpeg(lambda _name: None).fix is not None
    assert check_ffmpeg(lambda _name: "/usr/bin/ffmpeg").level is Level.OK


def test_redis_is_asked_where_limits_name_one(tmp_path: Path) -> None:
    settings = "[server]\nport = 0\n[limits]\nredis_url_env = 'REDIS'\n" + DETERMINISTIC
    with running_redis() as redis:
        found = look(tmp_path / "home", settings=settings, REDIS=redis.url)
        assert (found["redis"]["level"], found["redis clock"]["level"]) == ("ok", "ok")
    gone = look(tmp_path / "home", status=1, REDIS="redis://:hush-hush@127.0.0.1:1")
    assert gone["redis"]["said"].startswith("Redis does not answer (ConnectionError)")
    assert "hush-hush" not in json.dumps(gone)
    absent = look(tmp_path / "home", status=1)
    assert "REDIS is empty or absent" in absent["redis"]["said"]


def test_postgresql_is_looked_at(tmp_path: Path, postgresql: Postgresql) -> None:
    settings = "[server]\nport = 0\n[database]\nurl_env = 'POSTGRESQL'\n" + DETERMINISTIC
    url = postgresql.new()
    found = look(tmp_path / "home", settings=settings, POSTGRESQL=url)
    postgresql.drop(url)
    assert found["database"]["facts"]["kind"] == "PostgreSQL"
    names = ("database", "database revision", "database writing", "database clock")
    assert [found[name]["level"] for name in names] == ["ok"] * 4
    gone = look(tmp_path / "home", status=1, POSTGRESQL=url)
    assert gone["database"]["level"] == "fail"
