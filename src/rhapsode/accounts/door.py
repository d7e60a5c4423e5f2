"""The question of every request, who calls: asked of the database at most twice a second a key."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection, Table

from rhapsode.accounts.addresses import within
from rhapsode.accounts.known import Known
from rhapsode.accounts.last_used import SECONDS as SECONDS_UNTIL_NOTED
from rhapsode.accounts.last_used import LastUsed
from rhapsode.accounts.recent import Recent
from rhapsode.core.errors import ExpiredKey, Forbidden, UnknownKey
from rhapsode.database.connect import Database

WhoT = TypeVar("WhoT")

SECONDS_KEPT: Final = 0.5
"""A key that another process makes or revokes must be felt within 1 s: half of it is left for the look-up itself.

When the database is gone, those who called a moment ago are known for as long and no longer: a revoked key must not
live on because nobody can be asked about it.
"""

_MOST_KEPT: Final = 4096


class Door(Generic[WhoT]):
    """Knows the keys of one table. `find` looks one up by its digest, `clock` is monotonic, `now` is since 1970."""

    def __init__(
        self,
        database: Database,
        table: Table,
        find: Callable[[Connection, bytes], Known[WhoT] | None],
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._find = find
        self._now = now
        self._recent = Recent(self._look_up, ttl=SECONDS_KEPT, size=_MOST_KEPT, clock=clock)
        self._last_used = LastUsed(database, table)

    async def find(self, digest: bytes) -> Known[WhoT] | None:
        """Whose it is, whatever it may be used for; None when it is nobody's or was revoked. Raises `StorageError`."""
        return await self._recent.get(digest)

    async def admit(self, digest: bytes, address: str | None) -> WhoT:
        """Who calls with this key from this address. Raises `UnknownKey`, `ExpiredKey`, `Forbidden`, `StorageError`."""
        known = await self._recent.get(digest)
        if known is None:
            raise UnknownKey("the API key is not known here, or was revoked")
        now = self._now()
        if known.expires_at is not None and known.expires_at <= now:
            raise ExpiredKey("the API key has expired")
        if known.networks is not None and not within(known.networks, address):
            raise Forbidden("the API key may not be used from this address")
        if known.last_used_at is None or known.last_used_at <= now - SECONDS_UNTIL_NOTED:
            self._last_used.note(known.key_id, int(now))
        return known.who

    async def _look_up(self, digest: bytes) -> Known[WhoT] | None:
        return await self._database.run(lambda connection: self._find(connection, digest), write=False)
