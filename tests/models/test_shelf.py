"""What is in the home, and taking it away."""

import importlib
import sys
from pathlib import Path

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.models.shelf import list_models, removable, remove
from tests.models.entries import TINY, UPSTREAM, hub_entry

HUB_ENTRY = hub_entry(b"tiny")
NAME = "hf:someone/tiny-GGUF/tiny.gguf"


@pytest.fixture
def pulled(tmp_path: Path) -> Path:
    """A file that was pulled by its hub's name, with another repository beside it."""
    path = tmp_path / "hf/someone/tiny-GGUF/tiny.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"12345")
    (tmp_path / "hf/someone/other").mkdir()
    (tmp_path / "hf/someone/other/x.gguf").touch()
    return path


def test_the_list_is_the_catalogue_and_then_what_else_is_here(tmp_path: Path, pulled: Path) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(b"123")
    pulled.with_name("half.gguf.part").write_bytes(b"12")
    items = list_models(tmp_path, (HUB_ENTRY, UPSTREAM))
    assert [(item.name, item.path, item.came) for item in items] == [
        ("tiny", None, 3),
        ("huge", None, 0),
        ("hf:someone/other/x.gguf", tmp_path / "hf/someone/other/x.gguf", 0),
        ("hf:someone/tiny-GGUF/half.gguf", None, 2),
        (NAME, pulled, 0),
    ]
    assert list_models(tmp_path / "nowhere", ()) == []


def test_removing_takes_the_parts_and_the_empty_folders_along(tmp_path: Path, pulled: Path) -> None:
    part = pulled.with_name("tiny.gguf.part")
    part.write_bytes(b"678")
    paths = removable(NAME, tmp_path)
    assert paths == [pulled, part]
    assert remove(paths, tmp_path) == 8
    assert not pulled.parent.exists()
    assert (tmp_path / "hf/someone/other/x.gguf").exists()


def test_removing_the_last_keeps_the_directory_itself(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"12345")
    assert remove(removable("tiny", tmp_path, (HUB_ENTRY,)), tmp_path) == 5
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that brings the tiny model."""
    folder = tmp_path / "path" / "tiny_rhapsode_model"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "tiny.gguf").touch()
    monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])
    importlib.invalidate_caches()


@pytest.mark.usefixtures("package")
def test_what_belongs_to_a_package_is_left_to_the_packages_manager(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="remove it with pip uninstall tiny-rhapsode-model"):
        removable("tiny", tmp_path / "models", (TINY,))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tiny", "tiny is not on this machine: rhapsode models list shows what is"),
        (NAME, f"{NAME} is not on this machine"),
        ("huge", "an upstream: nothing of it is on this machine"),
        ("/home/me/mine.gguf", "/home/me/mine.gguf is a path: only models that were pulled are removed by name"),
        ("nothing", "there is no model 'nothing'"),
    ],
)
def test_what_cannot_be_removed_is_refused_with_the_reason(tmp_path: Path, name: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        removable(name, tmp_path, (HUB_ENTRY, UPSTREAM))
