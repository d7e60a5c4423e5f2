"""What every test shares."""

import importlib
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import cast

import gguf
import pytest
from hypothesis import settings

from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.registry import open_chat
from rhapsode.models.catalogue import find_model
from tests.groups import pytest_collection_modifyitems
from tests.postgresql import Postgresql, running_postgresql
from tests.tiny_gguf import write_tiny_gguf

__all__ = ["pytest_collection_modifyitems"]  # a hook: pytest looks for its name here

# A test that is right is right on a busy machine too.
settings.register_profile("rhapsode", deadline=None)
settings.load_profile("rhapsode")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The server runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The machine's own, else that of a wheel: behind all else on PATH, where servers that tests start find it too."""
    if shutil.which("ffmpeg") is None:
        folder = tmp_path_factory.mktemp("ffmpeg")
        find = cast("Callable[[], str]", importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe)
        (folder / "ffmpeg").symlink_to(find())
        os.environ["PATH"] += os.pathsep + str(folder)


@pytest.fixture(scope="session")
async def llama() -> AsyncGenerator[LlamaEngine]:
    """The embedded model, loaded once: it takes 0.9 GB. Mark its tests `xdist_group("llama")`.

    On one thread: two would spend most of their time waiting for each other, with other tests beside.
    """
    engine = await open_chat(
        "llama", {"threads": 1}, find_model=lambda name: find_model(name, directory=Path("nowhere"))
    )
    yield cast("LlamaEngine", engine)
    await engine.close()


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real chat model of 150 kB, of 1,024 tokens, that is loaded in 0.2 s and replies in random letters."""
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_embedding_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as an embedding model: vectors of `tests.tiny_gguf.WIDTH`, the mean over the tokens."""
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "embedding.gguf", pooling=gguf.PoolingType.MEAN)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A server of PostgreSQL's, started when the first test asks for it."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database of either kind, which may have tables already."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'rhapsode.db'}"
        return
    server = cast("Postgresql", request.getfixturevalue("postgresql"))
    url = server.new()
    yield url
    server.drop(url)
