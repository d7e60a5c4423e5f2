"""`rhapsode serve`, as far as it is the command's own: what it says, and how it ends."""

from pathlib import Path

from rhapsode.settings.credentials import read_credentials
from tests.cli.command import Terminal, rhapsode

SETTINGS = """
[chat]
default = "s"
[chat.engines.s]
kind = "scripted"
[speech]
default = "t"
[speech.engines.t]
kind = "tone"
"""


def test_the_first_start_shows_the_key_once_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(SETTINGS)
    with Terminal("serve", "--port", "0", home=tmp_path) as terminal:
        terminal.wait_for("Ctrl-C stops the server")
        kept = read_credentials(tmp_path / "credentials.toml")
        assert kept is not None
        for shown in (f"Serving on {kept.base_url}", kept.group_id, kept.api_key, str(tmp_path / "credentials.toml")):
            assert shown in terminal.seen
        result = rhapsode("chat", "--user", "Li", home=tmp_path, stdin="Hello\n")
        assert result.stdout == "Assistant hears 1 turn, the last from Li: Hello\n"
        assert f"Talking through {kept.base_url}." in result.stderr
        terminal.type("\x03")
        terminal.ended()
    with Terminal("serve", "--port", "0", home=tmp_path, env={"LC_ALL": "zh_CN.UTF-8"}) as terminal:
        terminal.wait_for("按 Ctrl-C 停止服务")
        assert kept.api_key not in terminal.seen
        assert "服务地址：http://127.0.0.1:" in terminal.seen
        terminal.type("\x03")
        terminal.ended()


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    result = rhapsode("serve", home=tmp_path / "home")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: the home {tmp_path / 'home'} cannot be used")
