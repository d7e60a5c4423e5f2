"""Groups and their keys: made, listed, revoked; and the question of every request, who calls."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from rhapsode.accounts.api_key import HINT_CHARACTERS, KeyDigests, is_api_key, new_api_key, same_digest
from rhapsode.accounts.recent import Recent
from rhapsode.accounts.records import KeyRecord, find_caller, key_records
from rhapsode.core.caller import Caller
from rhapsode.core.errors import InvalidField, MissingKey, SettingsError, UnknownKey, WrongGroup
from rhapsode.database.connect import Database
from rhapsode.database.tables import groups, keys, secret_check

FIRST_GROUP = "default"
GROUP_NAME_CHARACTERS = 64

# A key that another process makes or revokes must be felt within 1 s: half of it is left for the look-up itself.
_SECONDS_KEPT = 0.5
_CALLERS_KEPT = 4096


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key, at the one moment when it can be read."""

    key_id: str
    group_id: str
    api_key: str = field(repr=False)


class Accounts:
    """`authorise` and `find` are for the event loop; the others block and are for the command line and for starting."""

    def __init__(self, database: Database, secret: bytes, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._digests = KeyDigests(secret)
        self._recent = Recent(self._look_up, ttl=_SECONDS_KEPT, size=_CALLERS_KEPT, clock=clock)

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None = None) -> Caller:
        """Who calls with this key, and with this group beside it, where the caller named one, from this address.

        Raises MissingKey, UnknownKey, WrongGroup; StorageError when the database cannot say.
        """
        del address
        if not api_key:
            raise MissingKey("the request carries no API key")
        caller = await self.find(api_key)
        if caller is None:
            raise UnknownKey("the API key is not known here, or was revoked")
        if group_id and group_id != caller.group_id:
            raise WrongGroup("the API key belongs to another group than GroupId")
        return caller

    async def find(self, api_key: str) -> Caller | None:
        """Whose key it is; None when it is nobody's or was revoked. At most 0.5 s behind. Raises StorageError."""
        if not is_api_key(api_key):  # the shape is public, so refusing early tells nothing
            return None
        return await self._recent.get(self._digests.of(api_key))

    async def _look_up(self, digest: bytes) -> Caller | None:
        return await self._database.run(lambda connection: find_caller(connection, digest), write=False)

    def create_key(self, group_name: str) -> NewKey:
        """A new key of the group, which is made when it is new. Raises InvalidField, SettingsError, StorageError."""
        rule = f"must have 1 to {GROUP_NAME_CHARACTERS} printable characters, none of them a space at an end"
        if not 0 < len(group_name) <= GROUP_NAME_CHARACTERS or not group_name.isprintable():
            raise InvalidField("group", rule)
        if group_name != group_name.strip():
            raise InvalidField("group", rule)
        return self._database.transact(lambda connection: self._create(connection, group_name))

    def ensure_first_key(self, keep: Callable[[NewKey], None]) -> NewKey | None:
        """A first group and key where there never was one; else None.

        `keep` stores the key for this machine's own programs. It runs before the key counts: when it raises, no key
        was made. Raises SettingsError when the secret is not the one that the database was used with.
        """

        def work(connection: Connection) -> NewKey | None:
            self._check_secret(connection)
            if connection.execute(select(keys.c.id).limit(1)).first() is not None:
                return None
            new = self._create(connection, FIRST_GROUP)
            keep(new)
            return new

        return self._database.transact(work)

    def group_id(self, group_name: str) -> str:
        """The id of a group. Raises InvalidField, StorageError."""
        named = select(groups.c.id).where(groups.c.name == group_name)
        found = self._database.transact(lambda connection: connection.execute(named).scalar_one_or_none(), write=False)
        if found is None:
            raise InvalidField("group", f"there is no group {group_name[:64]!r}; a group is made with its first key")
        return found

    def list_keys(self) -> list[KeyRecord]:
        """Every key, revoked ones too, oldest first to the second."""
        return self._database.transact(key_records, write=False)

    def revoke_key(self, key: str) -> KeyRecord:
        """End a key, named by its id or by itself. A revoked one stays as it is. Raises InvalidField, StorageError."""
        named = keys.c.digest == self._digests.of(key) if is_api_key(key) else keys.c.id == key

        def work(connection: Connection) -> KeyRecord:
            now = int(time.time())
            connection.execute(update(keys).where(named, keys.c.revoked_at.is_(None)).values(revoked_at=now))
            key_id = connection.execute(select(keys.c.id).where(named)).scalar_one_or_none()
            for record in key_records(connection):
                if record.key_id == key_id:
                    return record
            raise InvalidField("key_id", "there is no such key; `rhapsode keys list` shows those that are")

        return self._database.transact(work)

    def _create(self, connection: Connection, group_name: str) -> NewKey:
        self._check_secret(connection)
        now = int(time.time())
        group_id = connection.execute(select(groups.c.id).where(groups.c.name == group_name)).scalar_one_or_none()
        if group_id is None:
            group_id = _new_group_id()
            connection.execute(insert(groups).values(id=group_id, name=group_name, created_at=now))
        new = NewKey(key_id=f"key-{secrets.token_hex(6)}", group_id=group_id, api_key=new_api_key())
        connection.execute(
            insert(keys).values(
                id=new.key_id,
                group_id=group_id,
                digest=self._digests.of(new.api_key),
                hint=new.api_key[-HINT_CHARACTERS:],
                created_at=now,
            )
        )
        return new

    def _check_secret(self, connection: Connection) -> None:
        """The first secret to be used with a database is its secret; under another, every key would look wrong."""
        stored = connection.execute(select(secret_check.c.digest)).scalar_one_or_none()
        if stored is None:
            connection.execute(insert(secret_check).values(id=1, digest=self._digests.check()))
        elif not same_digest(stored, self._digests.check()):
            raise SettingsError(
                "the secret is not the one that this database's keys were made under: put the home's `secret` file or "
                "RHAPSODE_SECRET back, or begin with a new database"
            )


def _new_group_id() -> str:
    """19 digits, the first not 0, and below 2**63 for clients that read it as a signed 64-bit number."""
    return str(10**18 + secrets.randbelow(2**63 - 10**18))
