"""Keys of groups: made, brought along, listed, replaced, revoked; and the question of every request, who calls."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, Connection, select

from rhapsode.accounts.api_key import KeyDigests, is_admin_key, is_api_key, new_api_key
from rhapsode.accounts.door import Door
from rhapsode.accounts.groups import find_group, find_or_add_group
from rhapsode.accounts.jwt import read_jwt
from rhapsode.accounts.key_rows import check_can_rotate, end_key, hand_over, insert_key, update_key
from rhapsode.accounts.known import find_caller
from rhapsode.accounts.records import KeyRecord, key_records, one_key
from rhapsode.accounts.secret import check_secret
from rhapsode.accounts.terms import KeyTerms, check_terms
from rhapsode.accounts.users import find_user
from rhapsode.core.caller import Caller
from rhapsode.core.errors import DuplicateAccount, Forbidden, InvalidField, MissingKey, UnknownKey, WrongGroup
from rhapsode.database.connect import Database
from rhapsode.database.tables import keys

FIRST_GROUP = "default"

_ANY = KeyTerms()


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key, at the one moment when it can be read."""

    key_id: str
    group_id: str
    api_key: str = field(repr=False)


class Accounts:
    """`authorise` and `find` are for the event loop; the others block and are for the command line and for threads.

    Unless they say otherwise, these raise `InvalidField`, `UnknownAccount`, `DuplicateAccount`, `SettingsError` for
    another secret than the database's, and `StorageError`. `clock` is monotonic, `now` counts from 1970.
    """

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
        self._door = Door(
            database,
            keys,
            lambda connection, digest: find_caller(connection, digest, now=now()),
            clock=clock,
            now=now,
        )

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None = None) -> Caller:
        """Who calls with this key, from this address, and with this group beside it, where the caller named one.

        Raises `MissingKey`, `UnknownKey`, `ExpiredKey`, `Forbidden`, `WrongGroup`; `StorageError` when the database
        cannot say.
        """
        if not api_key:
            raise MissingKey("the request carries no API key")
        if not is_api_key(api_key):  # the shapes are public, so refusing early tells nothing
            if is_admin_key(api_key):
                raise Forbidden(
                    "this is an administrator's key, for /v1/admin and /metrics alone: call with a key of a group"
                )
            raise UnknownKey("the API key is not known here, or was revoked")
        caller = await self._door.admit(self._digests.of(api_key), address)
        if group_id and group_id != caller.group_id:
            raise WrongGroup("the API key belongs to another group than GroupId")
        return caller

    async def find(self, api_key: str) -> Caller | None:
        """Whose key it is; None when it is nobody's or was revoked. At most 0.5 s behind. Raises `StorageError`."""
        if not is_api_key(api_key):
            return None
        known = await self._door.find(self._digests.of(api_key))
        return None if known is None else known.who

    def create_key(self, group: str, terms: KeyTerms = _ANY, *, new_group: bool = True) -> NewKey:
        """A new key of the group, which is made when it is new and `new_group` allows it."""
        checked = check_terms(terms, now=self._now())

        def work(connection: Connection) -> NewKey:
            group_id = self._group(connection, group, None, new_group=new_group)
            return self._create(connection, group_id, checked)

        return self._database.transact(work)

    def import_jwt(self, group: str, jwt: str, terms: KeyTerms = _ANY, *, new_group: bool = True) -> KeyRecord:
        """Let one of the platform's older keys open for a group, which is made when it is new and this is allowed.

        A new one gets the id that the key names, so that programs need not change what they send.
        """
        checked = check_terms(terms, now=self._now())
        named = read_jwt(jwt)

        def work(connection: Connection) -> KeyRecord:
            check_secret(connection, self._digests)
            if connection.execute(select(keys.c.id).where(keys.c.digest == self._digests.of(jwt))).first():
                raise DuplicateAccount("jwt", "this key was imported already, and revoked perhaps")
            group_id = self._group(connection, group, named, new_group=new_group)
            key_id = insert_key(connection, group_id, jwt, checked, digests=self._digests, now=self._now())
            return one_key(connection, keys.c.id == key_id)

        return self._database.transact(work)

    def ensure_first_key(self, keep: Callable[[NewKey], None]) -> NewKey | None:
        """A first group and key where there never was one; else None.

        `keep` stores the key for this machine's own programs. It runs before the key counts: when it raises, no key
        was made.
        """

        def work(connection: Connection) -> NewKey | None:
            check_secret(connection, self._digests)
            if connection.execute(select(keys.c.id).limit(1)).first() is not None:
                return None
            group_id = find_or_add_group(connection, FIRST_GROUP, now=int(self._now()))
            new = self._create(connection, group_id, _ANY)
            keep(new)
            return new

        return self._database.transact(work)

    def group_id(self, group: str) -> str:
        """The id of the group of this id or name."""
        return self._database.transact(lambda connection: find_group(connection, group), write=False)

    def list_keys(self, *, group: str | None = None, user: str | None = None) -> list[KeyRecord]:
        """Every key, or those of a group or user, revoked ones too, oldest first to the second."""

        def work(connection: Connection) -> list[KeyRecord]:
            conditions: list[ColumnElement[bool]] = []
            group_id = None if group is None else find_group(connection, group)
            if group_id is not None:
                conditions.append(keys.c.group_id == group_id)
            if user is not None:
                conditions.append(keys.c.user_id == find_user(connection, user, group_id=group_id))
            return key_records(connection, *conditions)

        return self._database.transact(work, write=False)

    def show_key(self, key: str) -> KeyRecord:
        """The key, named by its id or by itself."""
        return self._database.transact(lambda connection: one_key(connection, self._named(key)), write=False)

    def rotate_key(self, key: str, *, grace: int = 0, expires_at: int | None = None) -> NewKey:
        """A new key that may do what the old one may, held to its limits; the old one ends after `grace` seconds.

        The new one is good as long as the old one was meant to be, or until `expires_at`. A key is replaced once.
        """

        def work(connection: Connection) -> NewKey:
            now = self._now()
            old = one_key(connection, self._named(key))
            check_can_rotate(old, expires_at=expires_at, grace=grace, now=now)
            terms = _terms(old)
            if expires_at is not None:
                terms = replace(terms, expires_at=expires_at)
            new = self._create(connection, old.group_id, terms)
            hand_over(connection, old.key_id, new.key_id, now=now)
            end_key(
                connection,
                keys,
                old.key_id,
                grace=grace,
                expires_at=old.expires_at,
                replaced_by=new.key_id,
                now=now,
            )
            return new

        return self._database.transact(work)

    def change_key(self, key: str, change: Callable[[KeyTerms], KeyTerms]) -> KeyRecord:
        """Let a key do something else: `change` makes the new terms of those that there are."""

        def work(connection: Connection) -> KeyRecord:
            record = one_key(connection, self._named(key))
            if record.revoked_at is not None:
                raise InvalidField("key_id", "the key is revoked: make a new one")
            update_key(connection, record, change(_terms(record)), now=self._now())
            return one_key(connection, keys.c.id == record.key_id)

        return self._database.transact(work)

    def revoke_key(self, key: str) -> KeyRecord:
        """End a key, named by its id or by itself. A revoked one stays as it is."""

        def work(connection: Connection) -> KeyRecord:
            record = one_key(connection, self._named(key))
            end_key(connection, keys, record.key_id, now=self._now())
            return one_key(connection, keys.c.id == record.key_id)

        return self._database.transact(work)

    def _group(self, connection: Connection, group: str, group_id: str | None, *, new_group: bool) -> str:
        if not new_group:
            return find_group(connection, group)
        return find_or_add_group(connection, group, group_id=group_id, now=int(self._now()))

    def _named(self, key: str) -> ColumnElement[bool]:
        return keys.c.digest == self._digests.of(key) if is_api_key(key) else keys.c.id == key

    def _create(self, connection: Connection, group_id: str, terms: KeyTerms) -> NewKey:
        check_secret(connection, self._digests)
        api_key = new_api_key()
        key_id = insert_key(connection, group_id, api_key, terms, digests=self._digests, now=self._now())
        return NewKey(key_id=key_id, group_id=group_id, api_key=api_key)


def _terms(record: KeyRecord) -> KeyTerms:
    return KeyTerms(
        name=record.name,
        user=record.user_id,
        expires_at=record.expires_at,
        models=record.models,
        addresses=record.addresses,
    )
