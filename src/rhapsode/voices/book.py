"""The voices that callers made: cloned, designed and blended ones, each its group's own, kept in the database."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Final, cast

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from rhapsode.core.caller import Caller
from rhapsode.core.errors import DuplicateVoice, InvalidField
from rhapsode.core.voice import Age, Gender, OwnKind, OwnVoice, SavedBlend, Timbre, Voice, VoiceShare
from rhapsode.database.connect import Database
from rhapsode.database.tables import own_voices

UNUSED_SECONDS: Final = 168 * 3600
"""How long a cloned voice that was never spoken with is kept, as on the platform."""

MOST_VOICES: Final = 10_000
"""of a group"""

_Clock = Callable[[], float]


class OwnVoices:
    """Implements `VoiceBook`, and keeps what it finds. Nothing here blocks the event loop."""

    def __init__(self, database: Database, *, clock: _Clock = time.time) -> None:
        self._database = database
        self._clock = clock

    async def find(self, group_id: str, voice_id: str, /) -> Voice | SavedBlend | None:
        """Of the protocol."""

        def work(connection: Connection) -> Voice | SavedBlend | None:
            row = connection.execute(select(own_voices).where(*_named(group_id, voice_id))).one_or_none()
            if row is None or self._expired(row):
                return None
            if row.used_at is None:
                connection.execute(
                    update(own_voices).where(*_named(group_id, voice_id)).values(used_at=int(self._clock()))
                )
            return _read(row)

        return await self._database.run(work)

    async def list(self, group_id: str, /) -> Sequence[OwnVoice]:
        """Of the protocol: what was not used yet is not told, but for blends, which are as good as used."""
        rows = await self._database.run(lambda connection: _rows(connection, group_id), write=False)
        return [_told(row) for row in rows if row.used_at is not None or row.kind == OwnKind.BLENDED.value]

    async def keep(
        self, caller: Caller, made: Voice | SavedBlend, kind: OwnKind, *, sample: bytes | None = None
    ) -> OwnVoice:
        """A new voice of the caller's group.

        `sample` is the digest of the sound that it was measured from. It is kept with the key that sent it and the
        time: who makes a clone says by it that the speaker agreed. Raises `DuplicateVoice`, `InvalidField`.
        """
        now = int(self._clock())
        spec: Mapping[str, object] = (
            {"voice": _written(made)}
            if isinstance(made, Voice)
            else {"shares": [{"voice_id": share.voice_id, "weight": share.weight} for share in made.shares]}
        )
        row = {
            "group_id": caller.group_id,
            "id": made.id,
            "kind": kind.value,
            "description": made.style if isinstance(made, Voice) else "",
            "spec": json.dumps(spec, ensure_ascii=False),
            "created_at": now,
            "made_by": caller.key_id,
            "sample": sample,
        }

        def work(connection: Connection) -> OwnVoice:
            for old in _rows(connection, caller.group_id):
                if self._expired(old):
                    connection.execute(delete(own_voices).where(*_named(caller.group_id, old.id)))
            if len(_rows(connection, caller.group_id)) >= MOST_VOICES:
                raise InvalidField("voice_id", f"the group has {MOST_VOICES} voices already: delete some")
            if connection.execute(select(own_voices.c.id).where(*_named(caller.group_id, made.id))).first():
                raise DuplicateVoice(made.id)
            connection.execute(insert(own_voices).values(row))
            return OwnVoice(id=made.id, kind=kind, description=str(row["description"]), created=now)

        return await self._database.run(work)

    async def delete(self, group_id: str, voice_id: str, kind: OwnKind) -> OwnVoice | None:
        """Forget a voice of the group; None where it has none of this id and kind."""

        def work(connection: Connection) -> OwnVoice | None:
            which = (*_named(group_id, voice_id), own_voices.c.kind == kind.value)
            row = connection.execute(select(own_voices).where(*which)).one_or_none()
            connection.execute(delete(own_voices).where(*which))
            return None if row is None else _told(row)

        return await self._database.run(work)

    def _expired(self, row: Row[tuple[object, ...]]) -> bool:
        age = self._clock() - row.created_at
        return row.kind == OwnKind.CLONED.value and row.used_at is None and age > UNUSED_SECONDS


def _named(group_id: str, voice_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return own_voices.c.group_id == group_id, own_voices.c.id == voice_id


def _rows(connection: Connection, group_id: str) -> Sequence[Row[tuple[object, ...]]]:
    mine = select(own_voices).where(own_voices.c.group_id == group_id)
    return connection.execute(mine.order_by(own_voices.c.created_at, own_voices.c.id)).all()


def _told(row: Row[tuple[object, ...]]) -> OwnVoice:
    return OwnVoice(id=row.id, kind=OwnKind(row.kind), description=row.description, created=row.created_at)


def _written(voice: Voice) -> Mapping[str, object]:
    return {
        "language": voice.language,
        "gender": voice.gender.value,
        "age": voice.age.value,
        "style": voice.style,
        "timbre": asdict(voice.timbre),
    }


def _read(row: Row[tuple[object, ...]]) -> Voice | SavedBlend:
    spec = cast("Mapping[str, object]", json.loads(row.spec))
    if "shares" in spec:
        shares = cast("Sequence[Mapping[str, object]]", spec["shares"])
        return SavedBlend(
            id=row.id,
            shares=tuple(
                VoiceShare(voice_id=cast("str", share["voice_id"]), weight=cast("float", share["weight"]))
                for share in shares
            ),
        )
    voice = cast("Mapping[str, str]", spec["voice"])
    return Voice(
        id=row.id,
        name_zh=row.id,
        name_en=row.id,
        language=voice["language"],
        gender=Gender(voice["gender"]),
        age=Age(voice["age"]),
        style=voice["style"],
        timbre=Timbre(**cast("Mapping[str, float]", voice["timbre"])),
    )
