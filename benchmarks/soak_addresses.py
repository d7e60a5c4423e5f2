"""Which addresses a server has, which of them the soak called, and what the ledger says of it."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from starlette.routing import BaseRoute, Match, Route

from rhapsode.server.assembly import assembled
from rhapsode.server.boundary import Endpoint
from rhapsode.server.routes import make_routes
from rhapsode.settings.home import Home

_SETTINGS = '[chat.engines.embedded]\nkind = "scripted"\n[speech.engines.embedded]\nkind = "tone"\n'


def addresses_of(directory: Path) -> Sequence[BaseRoute]:
    """All that a server has, whatever its engines: of one that is put together in this directory and not started."""

    async def read() -> Sequence[BaseRoute]:
        home = Home(directory)
        home.prepare()
        home.settings_file.write_text(_SETTINGS)
        async with assembled(home) as parts:
            return make_routes(parts.services)

    return asyncio.run(read())


def rows_by_operation(database: Path) -> Counter[str]:
    """How many calls the ledger has of each address."""
    with closing(sqlite3.connect(database)) as connection:
        return Counter(dict(connection.execute("SELECT operation, count(*) FROM calls GROUP BY operation")))


def recorded(
    requests: Mapping[tuple[str, str], int], addresses: Sequence[BaseRoute], rows: Counter[str]
) -> list[tuple[str, bool]]:
    """What is promised of both: no address was left out, and each call that did work has a row."""
    left_out = [address for address in addresses if not any(_leads_to(address, *asked) for asked in requests)]
    made = Counter[str]()
    for (method, path), times in requests.items():
        if any(_works(address) and _leads_to(address, method, path) for address in addresses):
            made[path] += times
    wrong = {path: (made[path], rows[path]) for path in made | rows if made[path] != rows[path]}
    for address in left_out:
        print(f"never called: {address}")
    for path, (asked, written) in wrong.items():
        print(f"{path}: {asked} calls, {written} rows")
    return [
        (f"none of {len(addresses)} addresses was left out", not left_out),
        (f"the ledger has a row for each of {made.total()} calls that did work, and no other", not wrong),
    ]


def _works(address: BaseRoute) -> bool:
    """Whether calls of it are written down: those of a WebSocket are, by its texts."""
    return not isinstance(address, Route) or (isinstance(address.endpoint, Endpoint) and address.endpoint.works)


def _leads_to(address: BaseRoute, method: str, path: str) -> bool:
    """A WebSocket is asked for by GET."""
    kind = "http" if isinstance(address, Route) else "websocket"
    return address.matches({"type": kind, "method": method, "path": path, "headers": []})[0] is Match.FULL
