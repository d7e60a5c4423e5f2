"""A real PostgreSQL: the server that `RHAPSODE_TEST_POSTGRES_URL` names, or one of this process's own."""

import os
import secrets
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database

VARIABLE = "RHAPSODE_TEST_POSTGRES_URL"


class Postgresql:
    """A server, and a database on it that has all tables, which others are copied from."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._full = ""

    def new(self, *, tables: bool = True) -> str:
        """The address of a new database."""
        if tables and not self._full:
            self._full = self._create("template1")
            database = open_database(self.url_of(self._full))
            migrate(database)
            database.close()
        return self.url_of(self._create(self._full if tables else "template1"))

    def drop(self, url: str) -> None:
        """Remove what `new` made."""
        name = sql.Identifier(str(make_url(url).database))
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def url_of(self, name: str) -> str:
        """The address of a database."""
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._full:
            self.drop(self.url_of(self._full))

    def _create(self, template: str) -> str:
        name = f"rhapsode_{secrets.token_hex(6)}"
        words = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        self._run(sql.SQL(words).format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def _run(self, words: sql.Composed) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(words)


@contextmanager
def running_postgresql() -> Generator[Postgresql]:
    """The server; one of our own ends with this."""
    if url := os.environ.get(VARIABLE):
        server = Postgresql(url)
        yield server
        server.close()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at its import it looks for a directory that it then does without
        from pgserver.postgres_server import get_server  # noqa: PLC0415
    # Not among pytest's directories: it does not run as root, and pytest closes those to all others again and again.
    with tempfile.TemporaryDirectory(prefix="rhapsode-postgresql-") as directory:
        own = get_server(directory, cleanup_mode="stop")
        try:
            own.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off;")
            own.psql("SELECT pg_reload_conf();")
            yield Postgresql(own.get_uri())
        finally:
            own.cleanup()
