"""What every test shares."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import pytest

from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.registry import open_chat
from rhapsode.models.catalogue import find_model


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The server runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
async def llama() -> AsyncGenerator[LlamaEngine]:
    """The embedded model with its default options, loaded once: it takes 0.9 GB. Mark its tests `xdist_group("llama")`."""
    engine = await open_chat("llama", {}, find_model=lambda name: find_model(name, directory=Path("nowhere")))
    yield cast("LlamaEngine", engine)
    await engine.close()
