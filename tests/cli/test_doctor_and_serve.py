"""`rhapsode doctor` fails wherever `rhapsode serve` refuses to start, and says what to do."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rhapsode.cli.checks.finding import Said
from tests.cli.command import rhapsode
from tests.cli.doctor_here import look, typed
from tests.live.running import DETERMINISTIC

TONE = '[speech.engines.embedded]\nkind = "tone"\n'
BIG = f'[chat]\ndefault = "big"\n[chat.engines.big]\nkind = "openai"\nbase_url = "https://127.0.0.1:1"\n{{}}\n{TONE}'
TLS = 'tls_cert = "cert.pem"\ntls_key = "key.pem"\n'


@dataclass(frozen=True, kw_only=True)
class Case:
    """A home that no server starts in. `said` and `fix` are parts of what doctor says of `check`."""

    check: str
    said: str
    fix: str
    server: str = "port = 0\n"
    settings: str = DETERMINISTIC
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    has_database: bool = False


CASES = {
    "a model that is no GGUF": Case(
        check="model {home}/junk.gguf",
        said="is not a GGUF file",
        fix="put the whole GGUF file there again",
        settings='[chat.engines.embedded]\nkind = "llama"\nmodel = "{home}/junk.gguf"\n' + TONE,
        files={"junk.gguf": b"GGUF is what this is not"},
    ),
    "a key that is not there": Case(
        check="chat engine big",
        said="the environment variable BIG_KEY (api_key_env) is empty or not set",
        fix="set the variable or the file that it names",
        settings=BIG.format('api_key_env = "BIG_KEY"'),
    ),
    "authorities that are not there": Case(
        check="chat engine big",
        said="ca_file: no certificates can be read from it",
        fix="set the variable or the file",
        settings=BIG.format('ca_file = "/nowhere/ca.pem"'),
    ),
    "a certificate that is not there": Case(
        check="certificate",
        said="cannot be read (No such file or directory)",
        fix="counted from the home",
        server="port = 0\n" + TLS,
    ),
    "one port for two": Case(
        check="admin port",
        said="{free} is the callers' port, too",
        fix="choose another server.admin_port",
        server="port = {free}\nadmin_port = {free}\n",
    ),
    "an admin port that is taken": Case(
        check="admin port",
        said="127.0.0.1:{taken} is taken by another program",
        fix="choose another server.admin_port",
        server="port = 0\nadmin_port = {taken}\n",
    ),
    "a database that cannot be made": Case(
        check="database",
        said="/nowhere/x/y.db cannot be made (No such file or directory)",
        fix="make /nowhere/x, writable by the server's user",
        settings=DETERMINISTIC + '[database]\nurl = "sqlite:////nowhere/x/y.db"\n',
    ),
    "a database that is none": Case(
        check="database",
        said="file is not a database",
        fix="replace a damaged one by a sound copy",
        files={"rhapsode.db": b"this was a database once " * 100},
    ),
    "a database whose address is not there": Case(
        check="database",
        said="DATABASE_ADDRESS is empty or absent",
        fix="set the variable",
        settings=DETERMINISTIC + '[database]\nurl_env = "DATABASE_ADDRESS"\n',
    ),
    "an empty secret": Case(
        check="secret",
        said="must have at least 32 characters",
        fix="before the first key, remove the file",
        files={"secret": b""},
    ),
    "a short secret": Case(
        check="secret",
        said="RHAPSODE_SECRET: must have at least 32 characters",
        fix="unset RHAPSODE_SECRET",
        env={"RHAPSODE_SECRET": "short"},
    ),
    "credentials that are no TOML": Case(
        check="credentials",
        said="is not valid TOML",
        fix="mend {home}/credentials.toml, or remove it",
        files={"credentials.toml": b"base_url is http://127.0.0.1"},
        has_database=True,
    ),
    "Redis whose address is not there": Case(
        check="redis",
        said="the environment variable REDIS is empty or absent",
        fix="set the variable",
        settings=DETERMINISTIC + '[limits]\nredis_url_env = "REDIS"\n',
    ),
}


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """One that another program has, and one that nobody has."""
    with socket.socket() as taken, socket.socket() as free:
        for one in (taken, free):
            one.bind(("127.0.0.1", 0))
        taken.listen()
        told = {"taken": taken.getsockname()[1], "free": free.getsockname()[1]}
        free.close()
        yield told


@pytest.mark.parametrize("name", CASES)
def test_doctor_fails_where_a_server_would_not_start(name: str, tmp_path: Path, ports: dict[str, int]) -> None:
    case, home = CASES[name], tmp_path / "home"
    facts = {"home": home, **ports}
    home.mkdir(mode=0o700)
    for file, content in case.files.items():
        (home / file).write_bytes(content)
    text = f"[server]\n{case.server}{case.settings}"
    for fact, value in facts.items():
        text = text.replace(f"{{{fact}}}", str(value))
    (home / "rhapsode.toml").write_text(text, encoding="utf-8")
    if case.has_database:
        made = rhapsode("keys", "create", "--group", "studio", home=home)
        assert made.returncode == 0, made.stderr
    before = sorted(home.iterdir())
    finding = look(home, status=1, **case.env)[case.check.format(**facts)]
    assert finding["level"] == "fail"
    assert case.said.format(**facts) in finding["said"]
    assert case.fix.format(**facts) in finding["fix"]
    assert sorted(home.iterdir()) == before
    refused = rhapsode("serve", home=home, env=case.env)
    assert refused.returncode == 1, refused.stdout + refused.stderr


@pytest.mark.parametrize("name", ["files", "tasks", "models"])
def test_a_file_in_the_place_of_a_folder_is_told(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "rhapsode.toml").write_text("[server]\nport = 0\n" + DETERMINISTIC, encoding="utf-8")
    (home / name).write_text("")
    finding = look(home, status=1)[f"home {name}"]
    assert finding["said"] == f"{home / name} takes no files (Not a directory)"


def test_a_home_that_is_open_is_well_while_what_is_private_in_it_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "rhapsode.toml").write_text("[server]\nport = 0\n" + DETERMINISTIC, encoding="utf-8")
    (home / "secret").write_text("s" * 43)
    (home / "secret").chmod(0o600)
    home.chmod(0o755)
    assert look(home)["home rights"]["level"] == "ok"
    home.chmod(0o777)
    assert look(home)["home rights"]["fix"] == f"chmod go-rwx {home}"


def test_a_finding_is_one_line_whatever_a_driver_says() -> None:
    said = Said(english="{reason}", chinese="{reason}")
    assert said.told({"reason": "refused\n\tIs it running?\n"}, chinese=False) == "refused Is it running?"


def test_nobody_listens_for_postgresql_and_it_is_said_in_one_line(tmp_path: Path, ports: dict[str, int]) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    url = f"postgresql://nobody:hush@127.0.0.1:{ports['free']}/nothing"
    (home / "rhapsode.toml").write_text(f"[server]\nport = 0\n{DETERMINISTIC}[database]\nurl = '{url}'\n")
    done = typed(home)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("fail database"))
    assert lines[at + 1].startswith("      -> start the database")
    assert "hush" not in done.output
