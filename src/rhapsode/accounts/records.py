"""What the database says of keys."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from rhapsode.accounts.api_key import same_digest
from rhapsode.core.caller import Caller
from rhapsode.database.tables import groups, keys


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """What is kept of a key. `hint` is its end; times are seconds since 1970, UTC."""

    key_id: str
    group_id: str
    group_name: str
    hint: str
    created_at: int
    revoked_at: int | None


def find_caller(connection: Connection, digest: bytes) -> Caller | None:
    """Whose digest it is; None when it is nobody's or its key was revoked."""
    row = connection.execute(
        select(keys.c.id, keys.c.group_id, keys.c.digest).where(keys.c.digest == digest, keys.c.revoked_at.is_(None))
    ).one_or_none()
    if row is None or not same_digest(row.digest, digest):
        return None
    return Caller(group_id=row.group_id, key_id=row.id)


def key_records(connection: Connection) -> list[KeyRecord]:
    """Every key, revoked ones too, oldest first to the second."""
    rows = connection.execute(
        select(keys.c.id, keys.c.group_id, groups.c.name, keys.c.hint, keys.c.created_at, keys.c.revoked_at)
        .join(groups)
        .order_by(keys.c.created_at, keys.c.id)
    )
    return [
        KeyRecord(
            key_id=row.id,
            group_id=row.group_id,
            group_name=row.name,
            hint=row.hint,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]
