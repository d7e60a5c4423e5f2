"""The servers that engines of some kinds ask."""

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.contract.opening import Servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack, tmp_path_factory.mktemp("upstreams"))
