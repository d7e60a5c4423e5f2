"""The two servers that most tests of this folder call."""

from collections.abc import Generator

import pytest

from tests.live.running import DETERMINISTIC, LiveServer, running_server


@pytest.fixture(scope="session")
def deterministic(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """A server with the engines that give the same bytes every time."""
    with running_server(tmp_path_factory.mktemp("deterministic"), DETERMINISTIC) as server:
        yield server


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """A server as it comes: a real model, a real voice."""
    with running_server(tmp_path_factory.mktemp("embedded")) as server:
        yield server
