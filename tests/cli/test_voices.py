import json
from pathlib import Path

from rhapsode.voices.catalogue import load_voices
from tests.cli.command import Terminal, rhapsode


def test_through_a_pipe_a_voice_is_a_line(tmp_path: Path) -> None:
    lines = rhapsode("voices", home=tmp_path).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [voice.id for voice in load_voices()]
    assert all(len(line.split("\t")) == 6 for line in lines)


def test_one_language_alone(tmp_path: Path) -> None:
    lines = rhapsode("voices", "--language", "yue", home=tmp_path).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [v.id for v in load_voices() if v.language == "yue"]
    nobody = rhapsode("voices", "--language", "tlh", home=tmp_path)
    assert nobody.returncode == 2
    assert "there are ar, de, en" in " ".join(nobody.stderr.split())


def test_names_follow_the_locale(tmp_path: Path) -> None:
    assert "青涩青年" in rhapsode("voices", home=tmp_path, env={"LC_ALL": "zh_CN.UTF-8"}).stdout
    assert "青涩青年" not in rhapsode("voices", home=tmp_path).stdout


def test_as_json(tmp_path: Path) -> None:
    voices = json.loads(rhapsode("voices", "--json", home=tmp_path).stdout)
    assert {voice["id"] for voice in voices} == {voice.id for voice in load_voices()}
    assert {"id", "name_zh", "name_en", "language", "gender", "age", "style"} == set(voices[0])


def test_at_a_terminal_it_is_a_table(tmp_path: Path) -> None:
    with Terminal("voices", "--language", "yue", home=tmp_path, env={"NO_COLOR": "1"}) as terminal:
        assert "善良女声" not in terminal.wait_for("Cantonese_KindWoman")
        assert terminal.ended() == 0
    assert "\x1b[3" not in terminal.seen
