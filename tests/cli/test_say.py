import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, Terminal, environment, rhapsode
from tests.client.player import TRACE, Answer, Player, play, raw, status

AUDIO = b"\xff\xfb\x90\x64 not much of a sound"
SOUND = play(AUDIO, "audio/mpeg", Trace_Id=TRACE)
TONE = '[speech]\ndefault = "t"\n[speech.engines.t]\nkind = "tone"\n'


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "hi.mp3"


def test_a_text_becomes_a_file(tmp_path: Path, target: Path) -> None:
    with Player(SOUND) as server:
        arguments = ("--voice", "male-qn-qingse", "--voice", "female-shaonv:3", "--speed", "1.5", "--pitch", "-2")
        result = rhapsode("say", "你好", "-o", str(target), *arguments, "--base-url", server.url, home=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{target}: 0.0 s, {len(AUDIO)} bytes\n"
    assert target.read_bytes() == AUDIO
    assert server.asked[0].json == {
        "model": "speech-01",
        "text": "你好",
        "timber_weights": [{"voice_id": "male-qn-qingse", "weight": 1}, {"voice_id": "female-shaonv", "weight": 3}],
        "speed": 1.5,
        "vol": 1.0,
        "pitch": -2,
    }


def test_the_facts_as_json(tmp_path: Path, target: Path) -> None:
    with Player(SOUND) as server:
        result = rhapsode("say", "你好", "-o", str(target), "--json", "--base-url", server.url, home=tmp_path)
    assert json.loads(result.stdout) == {
        "path": str(target),
        "seconds": 0.026,
        "bytes": len(AUDIO),
        "trace_id": TRACE,
    }


def test_text_comes_from_standard_input_and_sound_goes_to_standard_output(tmp_path: Path) -> None:
    with Player(SOUND) as server:
        done = subprocess.run(
            [*COMMAND, "say", "-", "-o", "-", "--base-url", server.url],
            input="你好\n".encode(),
            capture_output=True,
            env=environment(tmp_path, {}),
            timeout=30,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, AUDIO)
    assert done.stderr.decode() == f"-: 0.0 s, {len(AUDIO)} bytes\n"
    assert server.asked[0].json["text"] == "你好"


def test_sound_is_not_printed_on_a_terminal(tmp_path: Path) -> None:
    with Terminal("say", "你好", "-o", "-", home=tmp_path) as terminal:
        terminal.wait_for("this would print sound")
        assert terminal.ended() == 1


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 99\r\n\r\n" + AUDIO),
        status(2013, "invalid params, text: must have fewer than 500 characters"),
    ],
)
def test_a_call_that_fails_leaves_no_file(tmp_path: Path, target: Path, answer: Answer) -> None:
    with Player(answer) as server:
        result = rhapsode("say", "你好", "-o", str(target), "--base-url", server.url, home=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_anything_is_spoken(tmp_path: Path) -> None:
    with Player(SOUND) as server:
        gone = tmp_path / "gone" / "hi.mp3"
        result = rhapsode("say", "你好", "-o", str(gone), "--base-url", server.url, home=tmp_path)
        assert server.asked == []
    assert (result.returncode, result.stderr) == (1, f"error: {gone} cannot be written (No such file or directory)\n")


@pytest.mark.parametrize(
    "voices",
    [["a:0"], ["a:101"], ["a:b"], [":1"], ["a:1", "a:2"], ["a", "b", "c", "d", "e"]],
)
def test_blends_that_make_no_sense_are_wrong_usage(tmp_path: Path, target: Path, voices: list[str]) -> None:
    options = [part for voice in voices for part in ("--voice", voice)]
    assert rhapsode("say", "你好", "-o", str(target), *options, home=tmp_path).returncode == 2


def test_with_no_server_the_engine_runs_in_the_process(tmp_path: Path, target: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(TONE)
    result = rhapsode("say", "你好，世界。", "-o", str(target), home=tmp_path)
    assert result.returncode == 0, result.stderr
    assert target.read_bytes().startswith(b"\xff\xf3") or target.read_bytes().startswith(b"\xff\xfb")
    assert "0.0 s" not in result.stdout


def test_the_servers_rules_hold_in_the_process_too(tmp_path: Path, target: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(TONE)
    result = rhapsode("say", "好" * 10001, "-o", str(target), home=tmp_path)
    assert (result.returncode, result.stderr) == (1, "error: text: must have fewer than 10001 characters, not 10001\n")
    assert not target.exists()


@pytest.mark.parametrize(
    ("name", "more", "packed_as"),
    [("a.wav", (), "wav"), ("a.FLAC", (), "flac"), ("a.mp3", ("--format", "pcm"), "pcm"), ("a.txt", (), "mp3")],
)
def test_the_files_name_or_an_option_says_the_format(
    tmp_path: Path, name: str, more: tuple[str, ...], packed_as: str
) -> None:
    with Player(SOUND) as server:
        rhapsode("say", "你好", "-o", str(tmp_path / name), *more, "--base-url", server.url, home=tmp_path)
    assert server.asked[0].json.get("output_format", "mp3") == packed_as


def test_an_emotion_is_asked_for_of_the_second_endpoint(tmp_path: Path, target: Path) -> None:
    reply = {
        "data": {"audio": AUDIO.hex(), "status": 2},
        "extra_info": {"audio_format": "mp3"},
        "trace_id": TRACE,
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }
    with Player(play(json.dumps(reply).encode())) as server:
        result = rhapsode(
            "say", "你好", "-o", str(target), "--emotion", "happy", "--base-url", server.url, home=tmp_path
        )
    assert (result.returncode, result.stderr) == (0, "")
    assert target.read_bytes() == AUDIO
    assert server.asked[0].target.startswith("/v1/t2a_v2")
    assert server.asked[0].json["voice_setting"] == {
        "voice_id": "male-qn-qingse",
        "speed": 1.0,
        "vol": 1.0,
        "pitch": 0,
        "emotion": "happy",
    }


def test_an_emotion_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(TONE, encoding="utf-8")
    file = tmp_path / "a.wav"
    result = rhapsode("say", "你好", "-o", str(file), "--emotion", "sad", home=tmp_path)
    assert result.returncode == 0, result.stderr
    assert file.read_bytes().startswith(b"RIFF")
