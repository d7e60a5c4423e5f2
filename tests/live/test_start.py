"""The first start, the next one, and the ones that cannot be."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.live.running import DETERMINISTIC, running_server


def refused(*words: str) -> str:
    """What `rhapsode serve` says when it ends at once."""
    command = [sys.executable, "-m", "rhapsode", "serve", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_the_first_key_is_printed_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_server(home, DETERMINISTIC) as first:
        printed = (home / "output.txt").read_text(encoding="utf-8")
        assert printed.count(first.api_key) == 1
        assert first.group_id in printed
        assert len(first.group_id) == 19
        assert first.group_id.isdecimal()
        assert first.api_key.startswith("sk-rh-")
        assert len(first.api_key) == 6 + 43
        for name in ("credentials.toml", "secret"):
            assert (home / name).stat().st_mode & 0o777 == 0o600
        assert first.terminate() == 0
    with running_server(home, DETERMINISTIC) as second:
        assert (second.api_key, second.group_id) == (first.api_key, first.group_id)
        # Another port, and the programs of this machine still find it: `running_server` read it from the home.
        assert second.base_url != first.base_url
        assert second.api_key not in (home / "output.txt").read_text(encoding="utf-8")
    stored = b"".join(path.read_bytes() for path in home.glob("rhapsode.db*"))
    assert first.group_id.encode() in stored
    assert first.api_key.encode() not in stored


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--home", str(tmp_path), "--port", str(port))
    assert f"127.0.0.1:{port} is taken" in said
    assert "--port" in said


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory", encoding="utf-8")
    said = refused("--home", str(tmp_path / "file"))
    assert "--home" in said


def test_settings_that_break_a_rule(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text('[chat.engines.embedded]\nkind = "oracle"\n', encoding="utf-8")
    said = refused("--home", str(tmp_path), "--port", "0")
    assert "oracle" in said
    assert "llama" in said
