"""`rhapsode chat`, through a pipe and at a terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Terminal, rhapsode
from tests.client.player import Player, events, silence, status, stream

SCRIPTED = '[chat]\ndefault = "s"\n[chat.engines.s]\nkind = "scripted"\n'


def said(server: Player, index: int) -> list[tuple[str, str]]:
    messages = server.asked[index].json["messages"]
    assert isinstance(messages, list)
    return [(each["sender_name"], each["text"]) for each in messages]  # pyright: ignore[reportUnknownVariableType]  JSON


@pytest.fixture
def server() -> Iterator[Player]:
    with Player() as player:
        yield player


def test_through_a_pipe_each_line_is_a_turn_and_each_reply_a_line(tmp_path: Path, server: Player) -> None:
    server.answers.extend([stream(*events("一\n", "二")), stream(*events("三"))])
    lines = "你好\n\n再见\n"
    result = rhapsode("chat", "--base-url", server.url, "--user", "小明", home=tmp_path, stdin=lines)
    assert (result.returncode, result.stdout) == (0, "一 二\n三\n")
    assert said(server, 1) == [("小明", "你好"), ("Assistant", "一\n二"), ("小明", "再见")]


def test_bots_and_options_reach_the_server(tmp_path: Path, server: Player) -> None:
    server.answers.extend([stream(*events("哼"))])
    result = rhapsode(
        *("chat", "--bot", "孙 悟空=一只石猴", "--bot", "孙=谁也不是", "--model", "abab6.5s-chat", "--max-tokens", "9"),
        *("--base-url", server.url),
        home=tmp_path,
        stdin="@孙 悟空 你是谁？\n",
    )
    assert (result.returncode, result.stdout) == (0, "哼\n")
    asked = server.asked[0].json
    assert asked["bot_setting"] == [
        {"bot_name": "孙 悟空", "content": "一只石猴"},
        {"bot_name": "孙", "content": "谁也不是"},
    ]
    assert asked["reply_constraints"] == {"sender_type": "BOT", "sender_name": "孙 悟空"}
    assert (asked["model"], asked["tokens_to_generate"]) == ("abab6.5s-chat", 9)
    assert said(server, 0) == [("You", "你是谁？")]


def test_through_a_pipe_the_first_error_ends_it(tmp_path: Path, server: Player) -> None:
    server.answers.extend([status(2049, "invalid api key"), stream(*events("一"))])
    result = rhapsode("chat", "--base-url", server.url, home=tmp_path, stdin="你好\n再见\n")
    assert (result.returncode, result.stdout) == (1, "")
    assert "error: invalid api key (code 2049" in result.stderr
    assert len(server.asked) == 1


def test_with_no_server_the_engine_runs_in_the_process(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(SCRIPTED)
    result = rhapsode("chat", "--user", "Li", home=tmp_path, stdin="Hello\nAgain\n")
    assert (result.returncode, result.stdout) == (
        0,
        "Assistant hears 1 turn, the last from Li: Hello\nAssistant hears 3 turns, the last from Li: Again\n",
    )


def test_an_engine_that_fails_in_the_process(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(SCRIPTED)
    result = rhapsode("chat", home=tmp_path, stdin="scripted:fail\n")
    assert (result.returncode, result.stdout) == (1, "")
    assert "error: " in result.stderr


def test_the_homes_server_is_used_when_it_answers(tmp_path: Path, server: Player) -> None:
    server.answers.extend([stream(*events("一"))])
    (tmp_path / "credentials.toml").write_text(f'base_url = "{server.url}"\ngroup_id = "12"\napi_key = "sk-home"\n')
    result = rhapsode("chat", home=tmp_path, stdin="你好\n")
    assert (result.returncode, result.stdout) == (0, "一\n")
    assert f"Talking through {server.url}." in result.stderr
    assert server.asked[0].headers["authorization"] == "Bearer sk-home"
    assert server.asked[0].target.endswith("?GroupId=12")


def test_the_homes_key_is_not_sent_to_a_stranger_on_its_port(tmp_path: Path, server: Player) -> None:
    server.live = b'{"status":"ok"}'
    (tmp_path / "credentials.toml").write_text(f'base_url = "{server.url}"\napi_key = "sk-home"\n')
    (tmp_path / "rhapsode.toml").write_text(SCRIPTED)
    result = rhapsode("chat", home=tmp_path, stdin="Hello\n")
    assert result.returncode == 0
    assert server.asked == []


def test_the_homes_key_is_not_sent_to_another_server(tmp_path: Path, server: Player) -> None:
    server.answers.extend([stream(*events("一")), stream(*events("一"))])
    for kept, expected in (("http://127.0.0.1:9", None), (server.url, "Bearer sk-home")):
        (tmp_path / "credentials.toml").write_text(f'base_url = "{kept}"\napi_key = "sk-home"\n')
        assert rhapsode("chat", "--base-url", server.url, home=tmp_path, stdin="你好\n").returncode == 0
        assert server.asked[-1].headers.get("authorization") == expected


def test_at_a_terminal_ctrl_c_stops_the_reply_and_keeps_the_conversation(tmp_path: Path, server: Player) -> None:
    server.answers.extend([stream(events("Gla", "ssy.")[0], then=silence), stream(*events("Indeed."))])
    with Terminal("chat", "--base-url", server.url, "--user", "Li", home=tmp_path) as terminal:
        terminal.wait_for_prompt("Li")
        terminal.type("A calm sea?\r")
        terminal.wait_for("Assistant: ")
        terminal.wait_for("Gla")
        terminal.type("\x03")
        terminal.wait_for("(stopped)")
        assert server.hung_up.wait(10)
        terminal.wait_for_prompt("Li")
        terminal.type("Go on\r")
        terminal.wait_for("Assistant: ")
        terminal.wait_for("Indeed.")
        terminal.wait_for_prompt("Li")
        terminal.type("\x04")
        assert terminal.ended() == 0
    assert said(server, 1) == [("Li", "A calm sea?"), ("Assistant", "Gla"), ("Li", "Go on")]
    history = tmp_path / "chat_history"
    assert history.stat().st_mode & 0o777 == 0o600
    assert "+A calm sea?" in history.read_text()


def test_at_a_terminal_ctrl_c_stops_an_engine_in_the_process(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(
        SCRIPTED + "piece = 16\n"
    )  # whole words: half a word might have to be masked
    with Terminal("chat", "--user", "Li", home=tmp_path) as terminal:
        terminal.wait_for_prompt("Li")
        terminal.type("scripted:hold\r")
        terminal.wait_for("Assistant: ")
        terminal.wait_for("Assistant")
        terminal.type("\x03")
        terminal.wait_for("(stopped)")
        terminal.wait_for_prompt("Li")
        terminal.type("Hello\r")
        terminal.wait_for("hears 3 turns, the last from Li: Hello")
        terminal.wait_for_prompt("Li")
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_at_a_terminal_an_error_does_not_end_the_conversation(tmp_path: Path, server: Player) -> None:
    server.answers.extend([status(2013, "invalid params"), stream(*events("Glassy."))])
    with Terminal("chat", "--base-url", server.url, "--user", "Li", home=tmp_path) as terminal:
        terminal.wait_for_prompt("Li")
        terminal.type("Once\r")
        terminal.wait_for("error: invalid params (code 2013")
        terminal.wait_for_prompt("Li")
        terminal.type("@Nobody hello\r")
        terminal.wait_for("error: there is no bot named Nobody; there are Assistant")
        terminal.wait_for_prompt("Li")
        terminal.type("Twice\r")
        terminal.wait_for("Assistant: ")
        terminal.wait_for("Glassy.")
        terminal.wait_for_prompt("Li")
        terminal.type("\x03")
        terminal.wait_for_prompt("Li")
        terminal.type("\x04")
        assert terminal.ended() == 0
    assert said(server, 1) == [("Li", "Twice")]


def test_a_reply_cannot_steer_the_terminal(tmp_path: Path, server: Player) -> None:
    server.answers.extend([stream(*events("\x1b]0;owned\x07", "Gla\x9b2Jssy."))])
    with Terminal("chat", "--base-url", server.url, "--user", "Li", home=tmp_path) as terminal:
        terminal.wait_for_prompt("Li")
        terminal.type("?\r")
        terminal.wait_for("]0;ownedGla2Jssy.")
        terminal.wait_for_prompt("Li")
        terminal.type("\x04")
        assert terminal.ended() == 0


@pytest.mark.parametrize(("finish", "words"), [(5, "(cut: --max-tokens 5 is used up)"), (9999, "hears 1 turn")])
def test_a_reply_that_was_cut_says_so(tmp_path: Path, finish: int, words: str) -> None:
    (tmp_path / "rhapsode.toml").write_text(SCRIPTED)
    with Terminal("chat", "--user", "Li", "--max-tokens", str(finish), home=tmp_path) as terminal:
        terminal.wait_for_prompt("Li")
        terminal.type("Hello\r")
        terminal.wait_for(words)
        terminal.wait_for_prompt("Li")
        terminal.type("\x04")
        assert terminal.ended() == 0
