"""Keys of both classes, as administrators look after them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from msgspec import UNSET, UnsetType

from rhapsode.accounts.admin_keys import AdminKeys
from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.records import AdminKeyRecord, KeyRecord
from rhapsode.accounts.shown import show_admin_key, show_key, write_shown
from rhapsode.accounts.terms import KeyTerms
from rhapsode.dialects import admin as dialect
from rhapsode.server.admin import AdminCall, AdminReply

T = TypeVar("T")


@dataclass(frozen=True)
class KeyDesk:
    """`/v1/admin/keys`."""

    accounts: Accounts

    def list(self, call: AdminCall) -> AdminReply:
        """Every key, or those of a group or a user."""
        asked = call.asked("group", "user")
        records = self.accounts.list_keys(group=asked.get("group"), user=asked.get("user"))
        return AdminReply(content=write_shown([show_key(record) for record in records]))

    def show(self, call: AdminCall) -> AdminReply:
        """One of them."""
        call.asked()
        return AdminReply(content=write_shown(show_key(self.accounts.show_key(call.path["key"]))))

    def create(self, call: AdminCall) -> AdminReply:
        """A new one; the answer alone holds it."""
        call.asked()
        sent = dialect.read_body(dialect.NewKey, call.body)
        new = self.accounts.create_key(sent.group, _terms(sent), new_group=False)
        return self._made(self.accounts.show_key(new.key_id), new.api_key)

    def import_jwt(self, call: AdminCall) -> AdminReply:
        """One of the platform's older keys."""
        call.asked()
        sent = dialect.read_body(dialect.ImportedKey, call.body)
        return self._made(self.accounts.import_jwt(sent.group, sent.jwt.strip(), _terms(sent), new_group=False), None)

    def change(self, call: AdminCall) -> AdminReply:
        """Other terms."""
        call.asked()
        sent = dialect.read_body(dialect.KeyChange, call.body)

        def change(terms: KeyTerms) -> KeyTerms:
            return replace(
                terms,
                name=_either(sent.name, terms.name),
                user=_either(sent.user, terms.user),
                expires_at=terms.expires_at if sent.expires_at is UNSET else _seconds(sent.expires_at),
                models=_either(sent.models, terms.models),
                addresses=_either(sent.addresses, terms.addresses),
            )

        return self._changed(self.accounts.change_key(call.path["key"], change))

    def rotate(self, call: AdminCall) -> AdminReply:
        """A new one in its place."""
        call.asked()
        sent = dialect.read_body(dialect.Rotation, call.body)
        new = self.accounts.rotate_key(call.path["key"], grace=sent.grace_seconds, expires_at=_seconds(sent.expires_at))
        return self._made(self.accounts.show_key(new.key_id), new.api_key)

    def revoke(self, call: AdminCall) -> AdminReply:
        """The end of one."""
        call.asked()
        return self._changed(self.accounts.revoke_key(call.path["key"]))

    def _made(self, record: KeyRecord, api_key: str | None) -> AdminReply:
        return AdminReply(content=write_shown(show_key(record, api_key)), status=201, changed=_ids(record))

    def _changed(self, record: KeyRecord) -> AdminReply:
        return AdminReply(content=write_shown(show_key(record)), changed=_ids(record))


@dataclass(frozen=True)
class AdminKeyDesk:
    """`/v1/admin/admin-keys`."""

    admin_keys: AdminKeys

    def list(self, call: AdminCall) -> AdminReply:
        """Every key."""
        call.asked()
        return AdminReply(content=write_shown([show_admin_key(record) for record in self.admin_keys.list()]))

    def show(self, call: AdminCall) -> AdminReply:
        """One of them."""
        call.asked()
        return AdminReply(content=write_shown(show_admin_key(self.admin_keys.show(call.path["key"]))))

    def create(self, call: AdminCall) -> AdminReply:
        """A new one; the answer alone holds it."""
        call.asked()
        sent = dialect.read_body(dialect.NewAdminKey, call.body)
        new = self.admin_keys.create(sent.name, expires_at=_seconds(sent.expires_at), addresses=sent.addresses)
        return self._made(self.admin_keys.show(new.key_id), new.api_key)

    def rotate(self, call: AdminCall) -> AdminReply:
        """A new one in its place."""
        call.asked()
        sent = dialect.read_body(dialect.Rotation, call.body)
        new = self.admin_keys.rotate(call.path["key"], grace=sent.grace_seconds, expires_at=_seconds(sent.expires_at))
        return self._made(self.admin_keys.show(new.key_id), new.api_key)

    def revoke(self, call: AdminCall) -> AdminReply:
        """The end of one, the caller's own perhaps."""
        call.asked()
        record = self.admin_keys.revoke(call.path["key"])
        return AdminReply(content=write_shown(show_admin_key(record)), changed={"key_id": record.key_id})

    def _made(self, record: AdminKeyRecord, api_key: str) -> AdminReply:
        content = write_shown(show_admin_key(record, api_key))
        return AdminReply(content=content, status=201, changed={"key_id": record.key_id})


def _terms(sent: dialect.NewKey) -> KeyTerms:
    return KeyTerms(
        name=sent.name,
        user=sent.user,
        expires_at=_seconds(sent.expires_at),
        models=sent.models,
        addresses=sent.addresses,
    )


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _either(sent: T | UnsetType, there: T) -> T:
    return there if isinstance(sent, UnsetType) else sent


def _ids(record: KeyRecord) -> dict[str, str | None]:
    return {"key_id": record.key_id, "group_id": record.group_id, "user_id": record.user_id}
