"""A PostgreSQL that hangs as it commits: whose caller was told of a failure does not pay, though the row came to be."""

import asyncio
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import select, text, update

from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.ledger import DatabaseLedger
from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.database.tables import calls, groups, spending
from tests.accounts.conftest import SECRET
from tests.accounts.test_ledger import call
from tests.live.faults.own_postgresql import OwnPostgresql

pytestmark = pytest.mark.xdist_group("postgresql")

SLOW_COMMITS = """
CREATE FUNCTION sleep_a_while() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(2) WHERE NEW.cost = 100; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON calls DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION sleep_a_while();
"""
COMMITS = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'")


@pytest.fixture
def postgresql() -> Iterator[OwnPostgresql]:
    with OwnPostgresql.running() as postgresql:
        yield postgresql


def outcomes(database: Database) -> dict[str, tuple[str, int, int]]:
    rows = select(calls.c.id, calls.c.outcome, calls.c.status, calls.c.cost)
    return {row.id: tuple(row)[1:] for row in database.transact(lambda c: c.execute(rows).all(), write=False)}


async def test_a_row_that_is_committed_after_its_caller_was_told_is_taken_back(postgresql: OwnPostgresql) -> None:
    with closing(open_database(postgresql.url, statement_timeout=3)) as database:
        migrate(database)
        with psycopg.connect(postgresql.url) as other:
            other.execute(SLOW_COMMITS)
        key = Accounts(database, SECRET).create_key("studio")
        database.transact(lambda connection: connection.execute(update(groups).values(balance=1000)))
        ledger = DatabaseLedger(database)
        doubtful = call(key, 1, cost=100)
        recording = asyncio.create_task(ledger.record(doubtful))
        while not await database.run(lambda c: c.execute(COMMITS).scalar_one(), write=False):
            assert not recording.done()
        with postgresql.hanging(), pytest.raises(StorageError):
            await recording
        while outcomes(database).get(doubtful.call_id) != ("ok", 0, 100):
            pass  # its commit goes on
        await ledger.record(call(key, 2, cost=7))
        await ledger.close()
        assert outcomes(database) == {
            doubtful.call_id: ("failed", 1013, 0),
            call(key, 2).call_id: ("ok", 0, 7),
        }
        spent = database.transact(lambda c: c.scalars(select(spending.c.cost)).all(), write=False)
        assert set(spent) == {7}
        assert database.transact(lambda c: c.scalar(select(groups.c.balance)), write=False) == 993
