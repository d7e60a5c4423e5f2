"""A hub with one file, and pulling it."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.models.hub import Hub
from tests.models.pulling import CONTENT, Pull


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub of these tests is on this machine, whatever proxy leads out of it."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def hub() -> Generator[Hub]:
    with Hub({"tiny.gguf": CONTENT}) as hub:
        yield hub


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.gguf"


@pytest.fixture
def pull(hub: Hub, target: Path) -> Pull:
    return Pull(hub, target)
