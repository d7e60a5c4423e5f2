import signal
import subprocess
import sys
import threading
from pathlib import Path

from rhapsode import __version__
from tests.cli.command import COMMAND, SECONDS, environment, rhapsode
from tests.client.player import Connection, Player, silence


def test_the_version(tmp_path: Path) -> None:
    result = rhapsode("--version", home=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"rhapsode {__version__}\n")


def test_help_names_every_command(tmp_path: Path) -> None:
    result = rhapsode("--help", home=tmp_path)
    assert result.returncode == 0
    for command in ("serve", "chat", "say", "voices", "models", "keys", "doctor"):
        assert command in result.stdout


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for arguments in (("sing",), ("say", "你好"), ("chat", "--bot", "Nobody"), ("serve", "--port", "65536")):
        assert rhapsode(*arguments, home=tmp_path).returncode == 2


def test_an_error_is_one_line_and_what_to_do(tmp_path: Path) -> None:
    result = rhapsode("say", "你好", "-o", str(tmp_path / "a.mp3"), "--base-url", "http://127.0.0.1:9", home=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    line, hint = result.stderr.splitlines()
    assert line.startswith("error: no answer from http://127.0.0.1:9")
    assert "rhapsode serve" in hint
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_chinese(tmp_path: Path) -> None:
    result = rhapsode("say", " ", "-o", "a.mp3", home=tmp_path, env={"LC_ALL": "zh_CN.UTF-8"})
    assert (result.returncode, result.stderr) == (1, "错误：没有可朗读的内容：文本为空\n")


def test_ctrl_c_ends_a_command_quietly_with_130(tmp_path: Path) -> None:
    asked = threading.Event()

    def answer(connection: Connection) -> None:
        asked.set()
        silence(connection)

    with Player(answer) as server:
        command = [*COMMAND, "say", "你好", "-o", str(tmp_path / "a.mp3"), "--base-url", server.url]
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(tmp_path, {})) as process:
            assert asked.wait(SECONDS)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=SECONDS)
            assert (process.returncode, said) == (130, b"")
        assert server.hung_up.wait(SECONDS)
    assert list(tmp_path.iterdir()) == []


def test_help_loads_little(tmp_path: Path) -> None:
    code = """
import sys
import rhapsode.cli.main
print(*sorted({"httpx2", "prompt_toolkit", "sqlalchemy", "starlette", "numpy"} & set(sys.modules)))
"""
    script = tmp_path / "loaded.py"
    script.write_text(code)
    assert subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout == "\n"
