"""Both clients, and the environment that none of the tests should see."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Unpack

import pytest

from tests.client.speakers import OpenClient, Settings, Speaks, open_async, open_sync


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for brand in ("RHAPSODE", "MINIMAX"):
        for name in ("BASE_URL", "API_HOST", "GROUP_ID", "API_KEY"):
            monkeypatch.delenv(f"{brand}_{name}", raising=False)


@pytest.fixture(params=["sync", "async"])
def open_client(request: pytest.FixtureRequest) -> Iterator[OpenClient]:
    opener = open_sync if request.param == "sync" else open_async
    with ExitStack() as stack:

        def open_one(**settings: Unpack[Settings]) -> Speaks:
            return stack.enter_context(opener(**{"backoff": 0.001, **settings}))

        yield open_one
