"""The built wheel in an environment of its own, as `pip install` leaves it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = None if home is None else {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the project's own build back end."""
    into = tmp_path_factory.mktemp("wheel")
    built = run(TOOLS / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", str(into), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = into.glob("*.whl")
    return found


def test_the_wheel_holds_all_that_is_read_at_run_time(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for path in (ROOT / "src" / "rhapsode").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT / "src")) in names
    assert not [name for name in names if not name.startswith("rhapsode")]


def test_the_server_extra_installs_without_a_compiler_and_names_the_model_that_it_lacks(
    wheel: Path, tmp_path: Path
) -> None:
    uv = str(TOOLS / "uv")
    assert run(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, "bare", cwd=tmp_path).returncode == 0
    # Wheels only: whatever would have to be compiled is refused.
    wanted = f"{wheel}[server]"
    installed = run(
        uv, "pip", "install", "--quiet", "--python", "bare/bin/python", "--only-binary", ":all:", wanted, cwd=tmp_path
    )
    assert installed.returncode == 0, installed.stderr
    bare = tmp_path / "bare" / "bin"
    for command in (["serve", "--port", "0"], ["chat"]):
        refused = run(bare / "rhapsode", *command, cwd=tmp_path, home=tmp_path)
        assert refused.returncode == 1
        assert "rhapsode models pull" in refused.stderr
        assert "Traceback" not in refused.stderr
    planned = run(bare / "rhapsode", "models", "list", cwd=tmp_path, home=tmp_path)
    assert "Apache-2.0" in planned.stdout
    # The GPL part is an extra of its own, and so is everything that only developers need.
    missing = run(bare / "python", "-c", "import espeakng_loader", cwd=tmp_path)
    assert missing.returncode != 0
