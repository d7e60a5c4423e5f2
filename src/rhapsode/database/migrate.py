"""Brings a database to the shape that this code expects, at every start, whoever starts first."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def migrate(database: Database) -> None:
    """Apply what is missing, in one transaction. Safe when several processes start at once. Raises StorageError."""
    # Alembic takes 0.4 s to import: a start that has nothing to do leaves it alone.
    if not is_current(database):
        database.transact(_upgrade)


def is_current(database: Database) -> bool:
    """Whether it has the shape that this code expects. Raises StorageError."""
    return database.transact(stored_revision, write=False) == known_revisions()[-1]


def known_revisions() -> list[str]:
    """What the migrations' files are called, oldest first: `0001`, ..."""
    return sorted(file.stem.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.py"))


def stored_revision(connection: Connection) -> str | None:
    """The revision that the database says it has; None for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    # Read again under the writer's lock: another process may have been first.
    revision, known = stored_revision(connection), known_revisions()
    if revision == known[-1]:
        return
    if revision is not None and revision not in known:
        raise StorageError(
            f"the database has revision {revision}, this version of Rhapsode knows up to {known[-1]}: "
            "install a newer Rhapsode, or name another home"
        )
    from alembic import command  # noqa: PLC0415  see migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "rhapsode.database:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
