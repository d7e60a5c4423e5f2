"""Files of the groups: kept, found, listed, deleted; each group sees its own alone."""

import secrets
import time
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, or_, select

from rhapsode.core.errors import InvalidField, StorageError
from rhapsode.database.connect import Database
from rhapsode.database.tables import files, tasks
from rhapsode.jobs.store import Incoming, Store

FILENAME_CHARACTERS = 255


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file. `filename` is what its owner calls it; times are seconds since 1970, UTC; `size` is in bytes."""

    id: int
    group_id: str
    purpose: str
    filename: str
    digest: bytes
    size: int
    created_at: int
    expires_at: int | None


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How much one group may keep."""

    size: int
    """bytes, equal content counted each time"""
    count: int


class Files:
    """For the event loop. Every method may raise `StorageError`."""

    def __init__(
        self, database: Database, store: Store, *, quota: Quota, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self._database = database
        self._quota = quota
        self._clock = clock

    async def keep(
        self,
        group_id: str,
        purpose: str,
        filename: str,
        content: bytes | AsyncIterable[bytes],
        *,
        expires_in: int | None = None,
    ) -> StoredFile:
        """Keep content, for `expires_in` seconds or until it is deleted. Raises `InvalidField` beyond the quota."""
        async with self.store.incoming() as incoming:
            if isinstance(content, bytes):
                await incoming.write(content)
            else:
                async for part in content:
                    await incoming.write(part)
            await incoming.finish()
            return await self.adopt(group_id, purpose, filename, incoming, expires_in=expires_in)

    async def adopt(
        self, group_id: str, purpose: str, filename: str, incoming: Incoming, *, expires_in: int | None = None
    ) -> StoredFile:
        """`keep` for content that was written already, to its finish."""
        now = int(self._clock())
        file = StoredFile(
            id=new_id(),
            group_id=group_id,
            purpose=purpose,
            filename=filename[:FILENAME_CHARACTERS],
            digest=incoming.digest,
            size=incoming.size,
            created_at=now,
            expires_at=None if expires_in is None else now + expires_in,
        )
        await self._database.run(lambda connection: self.add(connection, file, incoming))
        return file

    def add(self, connection: Connection, file: StoredFile, incoming: Incoming) -> None:
        """What `adopt` does, in a transaction of the caller's that writes. Raises `InvalidField`."""
        self._within_quota(connection, file)
        self.store.adopt(incoming)
        connection.execute(insert(files).values(vars(file)))

    async def find(self, group_id: str, file_id: int, *, field: str = "file_id") -> StoredFile:
        """The group's file. Raises `InvalidField` of `field` where it has none of this id."""
        file = await self.find_linked(file_id)
        if file is None or file.group_id != group_id:
            raise InvalidField(field, f"there is no file {file_id}")
        return file

    async def find_linked(self, file_id: int) -> StoredFile | None:
        """Anybody's file: for who holds a link to it."""
        if not 0 < file_id < 2**63:
            return None
        mine = (files.c.id == file_id) & self._alive()
        row = await self._database.run(
            lambda connection: connection.execute(select(files).where(mine)).mappings().one_or_none(), write=False
        )
        return None if row is None else _file(row)

    async def list(self, group_id: str, purpose: str | None = None) -> list[StoredFile]:
        """The group's files, of one purpose or all, the oldest first."""
        query = select(files).where(files.c.group_id == group_id, self._alive())
        if purpose is not None:
            query = query.where(files.c.purpose == purpose)
        query = query.order_by(files.c.created_at, files.c.id)
        rows = await self._database.run(lambda connection: connection.execute(query).mappings().all(), write=False)
        return [_file(row) for row in rows]

    async def delete(self, group_id: str, file_id: int, purpose: str | None = None) -> None:
        """Remove the group's file; the content goes with the last that names it. Raises `InvalidField`."""
        file = await self.find(group_id, file_id)
        if purpose is not None and purpose != file.purpose:
            raise InvalidField("purpose", f"file {file_id} has another one: {file.purpose}")
        await self._database.run(lambda connection: connection.execute(delete(files).where(files.c.id == file_id)))
        await self._database.run(lambda connection: remove_unnamed(connection, self.store, [file.digest]))

    def path(self, file: StoredFile) -> Path:
        """Where its content lies, to be read. Blocks for a moment. Raises `StorageError` where it is gone."""
        path = self.store.path(file.digest)
        if not path.is_file():
            raise StorageError(f"the content of file {file.id} is gone from the disk")
        return path

    def _alive(self) -> ColumnElement[bool]:
        return or_(files.c.expires_at.is_(None), files.c.expires_at > int(self._clock()))

    def _within_quota(self, connection: Connection, file: StoredFile) -> None:
        held = connection.execute(
            select(func.count(), func.coalesce(func.sum(files.c.size), 0)).where(
                files.c.group_id == file.group_id, self._alive()
            )
        ).one()
        if held[0] >= self._quota.count:
            raise InvalidField("file", f"the group has {held[0]} files, as many as it may: delete some")
        if held[1] + file.size > self._quota.size:
            rule = f"the group may keep {self._quota.size} bytes and has {held[1]}: delete some files"
            raise InvalidField("file", rule)


def new_id() -> int:
    """15 digits, the first not 0: exact in a double too, as JavaScript reads numbers."""
    return 10**14 + secrets.randbelow(9 * 10**14)


def remove_unnamed(connection: Connection, store: Store, digests: list[bytes]) -> int:
    """Remove the content among `digests` that nothing names; say how many.

    In a transaction that writes: what is named meanwhile waits for it. The rows that named the content are gone and
    committed, so that a process killed here leaves content without a name and never a name without content.
    """
    named = set(connection.execute(select(files.c.digest).where(files.c.digest.in_(digests))).scalars())
    named |= set(connection.execute(select(tasks.c.digest).where(tasks.c.digest.in_(digests))).scalars())
    unnamed = [digest for digest in digests if digest not in named]
    for digest in unnamed:
        store.remove(digest)
    return len(unnamed)


def _file(row: RowMapping) -> StoredFile:
    return StoredFile(**row)
