"""Any start brings any older database to the present shape, once."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database
from rhapsode.database.migrate import known_revisions, migrate
from rhapsode.database.open import open_database
from rhapsode.database.tables import metadata

# Everything is imported before the word is given, so that the processes meet in the database and not in the importer.
MIGRATE_AT_THE_WORD = """
import sys
from alembic import command
from rhapsode.database.open import open_database
from rhapsode.database.migrate import migrate
print("ready", flush=True)
sys.stdin.readline()
database = open_database(sys.argv[1])
migrate(database)
database.close()
"""

MIGRATE_AND_LOOK = """
import sys
from rhapsode.database.open import open_database
from rhapsode.database.migrate import migrate
database = open_database(sys.argv[1])
migrate(database)
database.close()
print("alembic" in sys.modules)
"""


def test_the_migrations_make_the_tables_that_the_code_speaks_of(database: Database) -> None:
    migrate(database)

    assert database.transact(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []


def test_the_files_are_in_the_order_of_the_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", "rhapsode.database:migrations")
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert known_revisions() == revisions[::-1]


def test_migrating_again_changes_nothing_and_does_not_load_alembic(database: Database, path: Path) -> None:
    migrate(database)
    output = subprocess.run(
        [sys.executable, "-c", MIGRATE_AND_LOOK, f"sqlite:///{path}"], check=True, capture_output=True, text=True
    )
    assert output.stdout == "False\n"


def test_processes_that_start_at_once_migrate_once(path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", MIGRATE_AT_THE_WORD, f"sqlite:///{path}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in processes] == ["", "", ""]
    assert [process.returncode for process in processes] == [0, 0, 0]
    with closing(open_database(f"sqlite:///{path}")) as database:
        revision = database.transact(lambda c: c.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    assert revision == known_revisions()[-1]


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    migrate(database)
    database.transact(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StorageError, match=r"the database has revision 9999, .* install a newer Rhapsode"):
        migrate(database)


def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    # `keys` is made after `groups`: the name is taken, so the second step fails.
    database.transact(lambda connection: connection.execute(text("CREATE TABLE keys (a INTEGER)")))
    with pytest.raises(StorageError, match="table keys already exists"):
        migrate(database)
    names = database.transact(lambda c: c.execute(text("SELECT name FROM sqlite_master")).scalars().all())
    assert names == ["keys"]


def test_rules_and_spending_that_differ_in_the_case_of_a_model_become_one(
    database: Database,
) -> None:
    config = Config()
    config.set_main_option("script_location", "rhapsode.database:migrations")

    def old(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        rule = "INSERT INTO limit_rules (scope, scope_id, model, parallel, spend_per_month) VALUES "
        connection.execute(
            text(rule + "('group', '1', 'M', 3, NULL), ('group', '1', 'm', 2, 9), ('key', 'k', 'M', 1, 1)")
        )
        spent = "INSERT INTO spending (scope, scope_id, model, month, cost) VALUES "
        connection.execute(text(spent + "('group', '1', 'M', '2026-11', 3), ('group', '1', 'm', '2026-11', 4)"))

    database.transact(old)
    migrate(database)

    def rows(of: str) -> list[tuple[object, ...]]:
        chosen = text(f"SELECT {of} ORDER BY scope")
        return database.transact(lambda connection: [tuple(row) for row in connection.execute(chosen)])

    assert rows("scope, model, parallel, spend_per_month FROM limit_rules") == [
        ("group", "m", 2, 9),
        ("key", "m", 1, 1),
    ]
    assert rows("scope, model, cost FROM spending") == [("group", "m", 7)]
