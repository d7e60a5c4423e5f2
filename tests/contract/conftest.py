"""Chat engines of every kind, and the servers that some of them ask."""

from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, ExitStack

import pytest

from rhapsode.core.chat import ChatEngine
from rhapsode.engines.registry import CHAT
from tests.contract.opening import OVER_A_LINK, OVER_LLAMA, Open, Servers, open_kind


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack, tmp_path_factory.mktemp("upstreams"))


@pytest.fixture(params=[*sorted(CHAT), *OVER_LLAMA, *OVER_A_LINK])
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
async def opened(kind: str, servers: Servers) -> AsyncGenerator[ChatEngine]:
    opened = await open_kind(kind, context=8192, servers=servers)
    yield opened
    await opened.close()


@pytest.fixture
def engine(kind: str, request: pytest.FixtureRequest) -> ChatEngine:
    engine: ChatEngine = request.getfixturevalue("llama" if kind == "llama" else "opened")  # loaded once for all tests
    return engine


@pytest.fixture
async def open_cramped(kind: str, servers: Servers) -> AsyncGenerator[Open]:
    """Opens an engine with a context of so many tokens."""
    async with AsyncExitStack() as stack:

        async def opened(context: int) -> ChatEngine:
            cramped = await open_kind(kind, context=context, servers=servers)
            stack.push_async_callback(cramped.close)
            return cramped

        yield opened
