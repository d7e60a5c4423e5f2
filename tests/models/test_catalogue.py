"""Models by name."""

from pathlib import Path

import pytest

from rhapsode.core.errors import EngineMissing, ModelMissing, SettingsError
from rhapsode.models import catalogue
from rhapsode.models.catalogue import Model, find_entry, find_model

ABSENT = Model(
    name="absent",
    title="A model",
    licence="Apache-2.0",
    requirement="absent-model==1",
    package="absent_model",
    file="absent.gguf",
    size=3,
    sha256="",
)


def test_the_embedded_model_is_found_in_its_wheel_and_the_wheels_code_is_not_run(tmp_path: Path) -> None:
    path = find_model("default", directory=tmp_path)
    assert path == find_model("smollm2-135m", directory=tmp_path)
    assert path.stat().st_size == find_entry("default").size == 98362432


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "Mine.GGUF"
    with pytest.raises(EngineMissing, match="there is no file"):
        find_model(str(mine), directory=tmp_path)
    mine.touch()
    assert find_model(str(mine), directory=tmp_path) == mine


def test_unknown_names_are_refused_with_the_list_of_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model 'smollm3'; there are smollm2-135m, default, or give the path"):
        find_model("smollm3", directory=tmp_path)


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "models", lambda: (ABSENT,))
    with pytest.raises(ModelMissing, match="absent is not on this machine: rhapsode models pull absent"):
        find_model("absent", directory=tmp_path)
    (tmp_path / "absent.gguf").touch()
    assert find_model("absent", directory=tmp_path) == tmp_path / "absent.gguf"
