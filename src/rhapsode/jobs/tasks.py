"""Long texts to be spoken: rows that outlive the process, and the leases under which processes work on them."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import msgspec
from anyio import to_thread
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, select, update

from rhapsode.core.errors import Overloaded, StorageError
from rhapsode.core.speech import Pause, SpeechRequest, TextCount
from rhapsode.database.connect import Database
from rhapsode.database.tables import tasks
from rhapsode.jobs.files import Files, StoredFile, new_id, remove_unnamed
from rhapsode.jobs.store import Incoming, disk_errors

LEASE_SECONDS = 4
"""How long nobody else begins with a task whose worker has fallen silent: one that was killed, perhaps."""

REASON_CHARACTERS = 500


class TaskStatus(Enum):
    """How far a task is."""

    PROCESSING = "Processing"
    SUCCESS = "Success"
    FAILED = "Failed"
    EXPIRED = "Expired"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text of a task. `name` is what its files in the result are called, without their endings."""

    name: str
    script: tuple[str | Pause, ...]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to speak, and how: the voices looked up, the request's own script empty."""

    request: SpeechRequest
    documents: tuple[Document, ...]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task. `file_id` is what its result is, or will be; times are seconds since 1970, UTC."""

    id: int
    group_id: str
    token: str
    file_id: int
    count: TextCount
    status: TaskStatus
    reason: str | None
    milliseconds: int | None
    audio_size: int | None
    created_at: int
    attempts: int
    """how often it was begun since there was progress"""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on a task, for as long as it is renewed."""

    task: Task
    owner: str


@dataclass(frozen=True, kw_only=True)
class Sum:
    """What a task's sound has come to, all documents together: milliseconds, and bytes packed."""

    milliseconds: int
    size: int


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Order)


class Tasks:
    """For the event loop. Every method may raise `StorageError`."""

    def __init__(
        self,
        database: Database,
        files: Files,
        *,
        waiting: int,
        result_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`waiting`: how many tasks of one group may be under way; `result_seconds`: how long a result is kept."""
        self._database = database
        self._files = files
        self._waiting = waiting
        self._result_seconds = result_seconds
        self._clock = clock

    async def create(self, group_id: str, order: Order, count: TextCount) -> Task:
        """Take an order. Raises `Overloaded` where too many of the group's are under way."""
        task = Task(
            id=new_id(),
            group_id=group_id,
            token=secrets.token_hex(16),
            file_id=new_id(),
            count=count,
            status=TaskStatus.PROCESSING,
            reason=None,
            milliseconds=None,
            audio_size=None,
            created_at=int(self._clock()),
            attempts=0,
        )
        async with self._files.store.incoming() as incoming:
            await incoming.write(await to_thread.run_sync(_ENCODER.encode, order))
            await incoming.finish()
            await self._database.run(lambda connection: self._insert(connection, task, incoming))
        return task

    async def find(self, group_id: str, task_id: int) -> Task | None:
        """The group's task, if it has one of this id."""
        if not 0 < task_id < 2**63:
            return None
        query = select(tasks).where(tasks.c.id == task_id, tasks.c.group_id == group_id)
        row = await self._database.run(
            lambda connection: connection.execute(query).mappings().one_or_none(), write=False
        )
        return None if row is None else _task(row)

    async def claim(self) -> Lease | None:
        """The right to a task that nobody works on; None where there is none.

        The groups take turns, so that one with many texts does not hold up the others; each group's oldest is first.
        """
        # A glance first: a writer's lock for nothing, twice a second, would be in the way of others.
        free = and_(tasks.c.status == TaskStatus.PROCESSING.value, tasks.c.leased_until <= int(self._clock()))
        glance = select(tasks.c.id).where(free).limit(1)
        if await self._database.run(lambda connection: connection.execute(glance).first(), write=False) is None:
            return None
        return await self._database.run(lambda connection: self._claim(connection, free))

    async def order(self, lease: Lease) -> Order:
        """What to do. Raises `StorageError` where it is gone from the disk."""
        query = select(tasks.c.digest).where(tasks.c.id == lease.task.id)
        digest = await self._database.run(lambda connection: connection.execute(query).scalar_one(), write=False)
        if digest is None:
            raise StorageError("the text is gone")
        return await to_thread.run_sync(_read_order, self._files.store.path(digest))

    async def renew(self, lease: Lease, *, progress: bool = False) -> bool:
        """Go on holding the lease; False where it was lost. `progress`: something is done and need not be repeated."""
        values: dict[str, object] = {"leased_until": int(self._clock()) + LEASE_SECONDS}
        return await self._change(lease, values | ({"attempts": 0} if progress else {}))

    async def release(self, lease: Lease, *, seconds: int = 0, uncounted: bool = False) -> bool:
        """Let go, and let nobody begin for so many seconds. `uncounted`: it was not the task's fault."""
        values: dict[str, object] = {"lease": None, "leased_until": int(self._clock()) + seconds if seconds else 0}
        return await self._change(lease, values | ({"attempts": tasks.c.attempts - 1} if uncounted else {}))

    async def fail(self, lease: Lease, reason: str) -> bool:
        """End the task without a result."""
        ended: dict[str, object] = {"status": TaskStatus.FAILED.value, "reason": reason[:REASON_CHARACTERS]}
        return await self._change(lease, ended | self._ended())

    async def succeed(self, lease: Lease, result: Incoming, filename: str, purpose: str, total: Sum) -> bool:
        """End the task with its result, kept as the group's file. Raises `InvalidField` beyond the group's quota."""
        now = int(self._clock())
        file = StoredFile(
            id=lease.task.file_id,
            group_id=lease.task.group_id,
            purpose=purpose,
            filename=filename,
            digest=result.digest,
            size=result.size,
            created_at=now,
            expires_at=now + self._result_seconds,
        )
        values: dict[str, object] = {"status": TaskStatus.SUCCESS.value, **self._ended()}
        values |= {"milliseconds": total.milliseconds, "audio_size": total.size}

        def work(connection: Connection) -> bool:
            if connection.execute(update(tasks).where(_held(lease)).values(values)).rowcount == 0:
                return False
            self._files.add(connection, file, result)
            return True

        return await self._database.run(work)

    async def under_way(self) -> set[int]:
        """The ids of all tasks that are not ended, whoever works on them."""
        query = select(tasks.c.id).where(tasks.c.status == TaskStatus.PROCESSING.value)
        rows = await self._database.run(lambda connection: connection.execute(query).scalars().all(), write=False)
        return set(rows)

    async def expire(self) -> None:
        """Mark the tasks whose result is past its time, and forget the text of all that have ended."""
        past = int(self._clock()) - self._result_seconds
        old = and_(tasks.c.status == TaskStatus.SUCCESS.value, tasks.c.ended_at <= past)
        marked = update(tasks).where(old).values(status=TaskStatus.EXPIRED.value)
        done = and_(tasks.c.status != TaskStatus.PROCESSING.value, tasks.c.digest.is_not(None))

        def work(connection: Connection) -> list[bytes]:
            connection.execute(marked)
            digests = [digest for digest in connection.execute(select(tasks.c.digest).where(done)).scalars() if digest]
            connection.execute(update(tasks).where(done).values(digest=None))
            return digests

        if digests := await self._database.run(work):
            await self._database.run(lambda connection: remove_unnamed(connection, self._files.store, digests))

    def _insert(self, connection: Connection, task: Task, incoming: Incoming) -> None:
        mine = and_(tasks.c.group_id == task.group_id, tasks.c.status == TaskStatus.PROCESSING.value)
        if connection.execute(select(func.count()).where(mine)).scalar_one() >= self._waiting:
            raise Overloaded(f"{self._waiting} long texts of the group are under way, as many as may be")
        self._files.store.adopt(incoming)
        connection.execute(
            insert(tasks).values(
                id=task.id,
                group_id=task.group_id,
                token=task.token,
                file_id=task.file_id,
                digest=incoming.digest,
                words=task.count.words,
                characters=task.count.characters,
                invisible_ratio=task.count.invisible,
                status=task.status.value,
                created_at=task.created_at,
                attempts=0,
                leased_until=0,
            )
        )

    def _claim(self, connection: Connection, free: ColumnElement[bool]) -> Lease | None:
        others = tasks.alias()
        running = and_(others.c.group_id == tasks.c.group_id, others.c.leased_until > int(self._clock()))
        ended = select(func.coalesce(func.max(others.c.ended_at), 0)).where(others.c.group_id == tasks.c.group_id)
        turns = (select(func.count()).where(running).scalar_subquery(), ended.scalar_subquery())
        first = select(tasks).where(free).order_by(*turns, tasks.c.created_at, tasks.c.id).limit(1)
        row = connection.execute(first).mappings().one_or_none()
        if row is None:
            return None
        owner, attempts = secrets.token_hex(16), row["attempts"] + 1
        until = int(self._clock()) + LEASE_SECONDS
        values = {"lease": owner, "leased_until": until, "attempts": attempts}
        connection.execute(update(tasks).where(tasks.c.id == row["id"]).values(values))
        return Lease(task=replace(_task(row), attempts=attempts), owner=owner)

    async def _change(self, lease: Lease, values: dict[str, object]) -> bool:
        changed = update(tasks).where(_held(lease)).values(values)
        return await self._database.run(lambda connection: connection.execute(changed).rowcount == 1)

    def _ended(self) -> dict[str, object]:
        return {"ended_at": int(self._clock()), "lease": None, "leased_until": 0}


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(tasks.c.id == lease.task.id, tasks.c.lease == lease.owner)


def _task(row: RowMapping) -> Task:
    return Task(
        id=row["id"],
        group_id=row["group_id"],
        token=row["token"],
        file_id=row["file_id"],
        count=TextCount(words=row["words"], characters=row["characters"], invisible=row["invisible_ratio"]),
        status=TaskStatus(row["status"]),
        reason=row["reason"],
        milliseconds=row["milliseconds"],
        audio_size=row["audio_size"],
        created_at=row["created_at"],
        attempts=row["attempts"],
    )


def _read_order(path: Path) -> Order:
    with disk_errors():
        content = path.read_bytes()
    try:
        return _DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise StorageError("the text is damaged") from error
