"""Keys of those who look after the server: a class of their own, of no group, that calls no engine."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, Connection, insert

from rhapsode.accounts.api_key import HINT_CHARACTERS, KeyDigests, is_admin_key, is_api_key, new_admin_key
from rhapsode.accounts.door import Door
from rhapsode.accounts.key_rows import check_can_rotate, end_key, new_key_id
from rhapsode.accounts.known import find_administrator
from rhapsode.accounts.records import AdminKeyRecord, admin_key_records, one_admin_key, write_names
from rhapsode.accounts.secret import check_secret
from rhapsode.accounts.terms import check_addresses, check_expiry, check_name
from rhapsode.core.caller import Administrator
from rhapsode.core.errors import Forbidden, MissingKey, UnknownKey
from rhapsode.database.connect import Database
from rhapsode.database.tables import admin_keys

_NOT_KNOWN: Final = "the administrator's key is not known here, or was revoked"


@dataclass(frozen=True, kw_only=True)
class NewAdminKey:
    """A key, at the one moment when it can be read."""

    key_id: str
    name: str
    api_key: str = field(repr=False)


class AdminKeys:
    """`administer` is for the event loop; the others block, and raise as those of `Accounts` do."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._digests = KeyDigests(secret)
        self._now = now
        self._door = Door(database, admin_keys, find_administrator, clock=clock, now=now)

    async def administer(self, api_key: str | None, address: str | None) -> Administrator:
        """Who looks after the server with this key, from this address.

        Raises `MissingKey`, `UnknownKey`, `ExpiredKey`, `Forbidden` for a caller's key too; `StorageError` when the
        database cannot say.
        """
        if not api_key:
            raise MissingKey("the request carries no API key")
        if is_api_key(api_key):
            raise Forbidden("this takes an administrator's key: `rhapsode admin-keys create` makes one")
        if not is_admin_key(api_key):
            raise UnknownKey(_NOT_KNOWN)
        return await self._door.admit(self._digests.of(api_key), address)

    def create(
        self, name: str, *, expires_at: int | None = None, addresses: tuple[str, ...] | None = None
    ) -> NewAdminKey:
        """A new key. `name` says whose it is, in the log of what is changed."""
        check_name(name, "name")
        check_expiry(expires_at, now=self._now())
        networks = check_addresses(addresses)

        def work(connection: Connection) -> NewAdminKey:
            return self._create(connection, name, expires_at, networks)

        return self._database.transact(work)

    def list(self) -> "list[AdminKeyRecord]":
        """Every key, revoked ones too, oldest first to the second."""
        return self._database.transact(admin_key_records, write=False)

    def show(self, key: str) -> AdminKeyRecord:
        """The key, named by its id or by itself."""
        return self._database.transact(lambda connection: one_admin_key(connection, self._named(key)), write=False)

    def rotate(self, key: str, *, grace: int = 0, expires_at: int | None = None) -> NewAdminKey:
        """A new key in its place, as `Accounts.rotate_key`."""

        def work(connection: Connection) -> NewAdminKey:
            now = self._now()
            old = one_admin_key(connection, self._named(key))
            check_can_rotate(old, expires_at=expires_at, grace=grace, now=now)
            end = old.expires_at if expires_at is None else expires_at
            new = self._create(connection, old.name, end, old.addresses)
            end_key(
                connection,
                admin_keys,
                old.key_id,
                grace=grace,
                expires_at=old.expires_at,
                replaced_by=new.key_id,
                now=now,
            )
            return new

        return self._database.transact(work)

    def revoke(self, key: str) -> AdminKeyRecord:
        """End a key, named by its id or by itself. A revoked one stays as it is."""

        def work(connection: Connection) -> AdminKeyRecord:
            record = one_admin_key(connection, self._named(key))
            end_key(connection, admin_keys, record.key_id, now=self._now())
            return one_admin_key(connection, admin_keys.c.id == record.key_id)

        return self._database.transact(work)

    def _named(self, key: str) -> ColumnElement[bool]:
        if is_admin_key(key):
            return admin_keys.c.digest == self._digests.of(key)
        return admin_keys.c.id == key

    def _create(
        self, connection: Connection, name: str, expires_at: int | None, networks: tuple[str, ...] | None
    ) -> NewAdminKey:
        check_secret(connection, self._digests)
        new = NewAdminKey(key_id=new_key_id("admin"), name=name, api_key=new_admin_key())
        connection.execute(
            insert(admin_keys).values(
                id=new.key_id,
                name=name,
                digest=self._digests.of(new.api_key),
                hint=new.api_key[-HINT_CHARACTERS:],
                created_at=int(self._now()),
                expires_at=expires_at,
                addresses=write_names(networks),
            )
        )
        return new
