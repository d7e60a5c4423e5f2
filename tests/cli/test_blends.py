"""Blends under a name, from the command line."""

import json
from pathlib import Path

from tests.cli.command import rhapsode


def test_a_blend_is_saved_listed_and_forgotten(tmp_path: Path) -> None:
    rhapsode("keys", "create", "--group", "default", home=tmp_path)
    saved = rhapsode("blends", "save", "my-duo-1", "male-qn-badao:30", "female-shaonv:70", home=tmp_path)
    assert (saved.returncode, saved.stdout) == (0, "my-duo-1\n")
    (listed,) = json.loads(rhapsode("blends", "list", "--json", home=tmp_path).stdout)
    assert listed == {"voice_id": "my-duo-1", "shares": {"male-qn-badao": 30, "female-shaonv": 70}}
    assert rhapsode("blends", "list", home=tmp_path).stdout == "my-duo-1\tmale-qn-badao:30 female-shaonv:70\n"
    assert rhapsode("blends", "rm", "my-duo-1", home=tmp_path).returncode == 0
    assert json.loads(rhapsode("blends", "list", "--json", home=tmp_path).stdout) == []
    assert "my-duo-1" in rhapsode("blends", "rm", "my-duo-1", home=tmp_path).stderr


def test_a_blend_speaks_without_a_server_too(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text('[speech.engines.embedded]\nkind = "tone"\n', encoding="utf-8")
    rhapsode("keys", "create", "--group", "default", home=tmp_path)
    rhapsode("blends", "save", "my-duo-1", "male-qn-badao:30", "female-shaonv:70", home=tmp_path)
    mixed, named = tmp_path / "mixed.mp3", tmp_path / "named.mp3"
    voices = ("--voice", "male-qn-badao:30", "--voice", "female-shaonv:70")
    assert rhapsode("say", "hi", "-o", str(mixed), *voices, home=tmp_path).returncode == 0
    assert rhapsode("say", "hi", "-o", str(named), "--voice", "my-duo-1", home=tmp_path).returncode == 0
    assert named.read_bytes() == mixed.read_bytes()


def test_says_what_is_wrong(tmp_path: Path) -> None:
    rhapsode("keys", "create", "--group", "studio", home=tmp_path)
    nobody = rhapsode("blends", "save", "my-duo-1", "male-qn-badao", home=tmp_path)
    assert nobody.returncode == 1
    assert "there is no group" in nobody.stderr
    rhapsode("keys", "create", "--group", "default", home=tmp_path)
    for arguments, told in [
        (("my-duo-1", "nobody"), "'nobody' does not exist"),
        (("my", "male-qn-badao"), "8 to 256 letters"),
        (("female-shaonv", "male-qn-badao"), "exists already"),
    ]:
        refused = rhapsode("blends", "save", *arguments, home=tmp_path)
        assert refused.returncode == 1
        assert told in " ".join(refused.stderr.split())
