"""The database, and whether its clock and its secret are ours. Nothing is made or changed in it."""

import os
import tempfile
import time
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, select, text

from rhapsode.accounts.api_key import KeyDigests, same_digest
from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok, warn
from rhapsode.cli.checks.secret import has_secret
from rhapsode.cli.checks.skew import check_skew
from rhapsode.core.errors import RhapsodeError, SettingsError
from rhapsode.database.connect import Database
from rhapsode.database.migrate import known_revisions, stored_revision
from rhapsode.database.open import SQLITE, open_database
from rhapsode.database.tables import secret_check
from rhapsode.settings.home import Home
from rhapsode.settings.shape import Settings

_TRIES: Final = 5
_SLOW_MS: Final = 50.0


def check_database(home: Home, settings: Settings) -> list[Finding]:
    """Reachable, of our revision, writable, quick; its clock; the secret that it was used with."""
    try:
        url = home.database_url(settings, os.environ)
    except SettingsError as error:
        return [fail("database", words.DATABASE_UNREACHABLE, words.PLACE_FIX, reason=error.message)]
    is_server = not url.startswith(SQLITE)
    path = None if is_server else Path(url.removeprefix(SQLITE))
    if path is not None and not _is_there(path):
        return [_check_place(path, home)]
    fix = words.DATABASE_FIX if is_server else words.DATABASE_FILE_FIX
    facts = {} if path is None else {"path": str(path)}
    try:
        database = open_database(url, busy_timeout=3.0)
    except RhapsodeError as error:
        return [fail("database", words.DATABASE_UNREACHABLE, fix, reason=error.message, **facts)]
    try:
        return list(_look(database, home, is_server=is_server))
    except RhapsodeError as error:
        return [fail("database", words.DATABASE_UNREACHABLE, fix, reason=error.message, **facts)]
    finally:
        database.close()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # who opens it says why
        return True


def _check_place(path: Path, home: Home) -> Finding:
    """Whether a start can make the file: only the home itself is made with it."""
    folder = path.parent
    if folder in {home.path, *home.path.parents} and not folder.exists():
        return ok("database", words.DATABASE_ABSENT)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ok("database", words.DATABASE_ABSENT)
    except OSError as error:
        facts = {"path": str(path), "folder": str(folder), "reason": error.strerror or str(error)}
        return fail("database", words.DATABASE_CANNOT_BE_MADE, words.DATABASE_PLACE_FIX, **facts)


def _look(database: Database, home: Home, *, is_server: bool) -> list[Finding]:
    kind = "PostgreSQL" if is_server else "SQLite"
    milliseconds = round(1000 * min(_seconds(database) for _ in range(_TRIES)), 1)
    if milliseconds > _SLOW_MS:
        found = [warn("database", words.DATABASE_SLOW, words.DATABASE_SLOW_FIX, kind=kind, milliseconds=milliseconds)]
    else:
        found = [ok("database", words.DATABASE, kind=kind, milliseconds=milliseconds)]
    found += [_check_revision(database), _check_writing(database, is_server=is_server)]
    if is_server:
        found.append(_check_clock(database))
    return [*found, *_check_secret(database, home)]


def _seconds(database: Database) -> float:
    began = time.perf_counter()
    database.transact(lambda connection: connection.execute(text("SELECT 1")), write=False)
    return time.perf_counter() - began


def _check_revision(database: Database) -> Finding:
    check, revision, known = "database revision", database.transact(stored_revision, write=False), known_revisions()
    facts = {"revision": revision or "-", "newest": known[-1]}
    if revision == known[-1]:
        return ok(check, words.REVISION, **facts)
    if revision is None or revision in known:
        return ok(check, words.REVISION_OLD, **facts)
    return fail(check, words.REVISION_NEW, words.REVISION_FIX, **facts)


def _check_writing(database: Database, *, is_server: bool) -> Finding:
    def takes(connection: Connection) -> bool:
        # SQLite has taken the writer's lock by now, which is what can fail.
        return not is_server or connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"

    try:
        if database.transact(takes):
            return ok("database writing", words.WRITABLE)
        reason = "read-only"
    except RhapsodeError as error:
        reason = error.message
    return fail("database writing", words.NOT_WRITABLE, words.NOT_WRITABLE_FIX, reason=reason)


def _check_clock(database: Database) -> Finding:
    def ahead(connection: Connection) -> float:
        theirs = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        return float(theirs) - time.time()

    return check_skew("database clock", database.transact(ahead, write=False))


def _check_secret(database: Database, home: Home) -> list[Finding]:
    def stored(connection: Connection) -> bytes | None:
        if not inspect(connection).has_table(secret_check.name):
            return None
        return connection.execute(select(secret_check.c.digest)).scalar_one_or_none()

    digest = database.transact(stored, write=False)
    if digest is None:
        return []
    if not has_secret(home):
        return [fail("secret", words.SECRET_ABSENT, words.SECRET_FIX)]
    try:
        is_ours = same_digest(digest, KeyDigests(home.secret(os.environ)).check())
    except SettingsError:  # which `check_secret` has told
        return []
    if is_ours:
        return [ok("secret", words.SECRET)]
    return [fail("secret", words.SECRET_OTHER, words.SECRET_FIX)]
