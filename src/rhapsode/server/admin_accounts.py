"""Groups, their users and what they may have, as administrators look after them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from msgspec import UnsetType

from rhapsode.accounts.groups import GroupRecord, Groups
from rhapsode.accounts.limits import Holder, LimitName, LimitRules
from rhapsode.accounts.money import to_millionths
from rhapsode.accounts.shown import show_group, show_limit, show_user, write_shown
from rhapsode.accounts.users import UserRecord, Users
from rhapsode.core.errors import InvalidField
from rhapsode.dialects import admin as dialect
from rhapsode.server.admin import AdminCall, AdminReply

_YES: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class GroupDesk:
    """`/v1/admin/groups`."""

    groups: Groups

    def list(self, call: AdminCall) -> AdminReply:
        """Every group."""
        call.asked()
        return AdminReply(content=write_shown([show_group(record) for record in self.groups.list()]))

    def show(self, call: AdminCall) -> AdminReply:
        """One of them."""
        call.asked()
        return AdminReply(content=write_shown(show_group(self.groups.show(call.path["group"]))))

    def create(self, call: AdminCall) -> AdminReply:
        """A new one."""
        call.asked()
        sent = dialect.read_body(dialect.NewGroup, call.body)
        balance = None if sent.balance is None else to_millionths(sent.balance, "balance")
        return _group(self.groups.create(sent.name, group_id=sent.group_id, balance=balance), status=201)

    def rename(self, call: AdminCall) -> AdminReply:
        """Another name."""
        call.asked()
        return _group(self.groups.rename(call.path["group"], dialect.read_body(dialect.GroupChange, call.body).name))

    def change_balance(self, call: AdminCall) -> AdminReply:
        """More money, or less, or no account of it."""
        call.asked()
        sent, group = dialect.read_body(dialect.BalanceChange, call.body), call.path["group"]
        if not isinstance(sent.add, UnsetType):
            return _group(self.groups.add_balance(group, to_millionths(sent.add, "add")))
        balance = to_millionths(sent.set, "set") if isinstance(sent.set, Decimal) else None
        return _group(self.groups.set_balance(group, balance))


@dataclass(frozen=True)
class UserDesk:
    """`/v1/admin/users`."""

    users: Users

    def list(self, call: AdminCall) -> AdminReply:
        """Every user, or those of a group."""
        asked = call.asked("group")
        return AdminReply(content=write_shown([show_user(record) for record in self.users.list(asked.get("group"))]))

    def show(self, call: AdminCall) -> AdminReply:
        """One of them."""
        call.asked()
        return AdminReply(content=write_shown(show_user(self.users.show(call.path["user"]))))

    def create(self, call: AdminCall) -> AdminReply:
        """A new one."""
        call.asked()
        sent = dialect.read_body(dialect.NewUser, call.body)
        return _user(self.users.create(sent.group, sent.name), status=201)

    def revoke_keys(self, call: AdminCall) -> AdminReply:
        """The end of all of a user's keys."""
        call.asked()
        return _user(self.users.revoke_keys(call.path["user"]))


@dataclass(frozen=True)
class LimitDesk:
    """`/v1/admin/limits`."""

    rules: LimitRules

    def list(self, call: AdminCall) -> AdminReply:
        """Every rule, or those of a group and its keys, or those of a key."""
        asked = call.asked("group", "key_id")
        holder = _holder(asked) if asked else None
        return AdminReply(content=write_shown([show_limit(record) for record in self.rules.list(holder)]))

    def change(self, call: AdminCall) -> AdminReply:
        """A rule, which is made when it is new; the answer is null when nothing is left of it."""
        call.asked()
        sent = dialect.read_body(dialect.LimitChange, call.body)
        spend = sent.spend_per_month
        figures: tuple[tuple[LimitName, int | UnsetType | None], ...] = (
            ("requests_per_minute", sent.requests_per_minute),
            ("tokens_per_minute", sent.tokens_per_minute),
            ("characters_per_minute", sent.characters_per_minute),
            ("parallel", sent.parallel),
            ("spend_per_month", to_millionths(spend, "spend_per_month") if isinstance(spend, Decimal) else spend),
        )
        changes: dict[LimitName, int | None] = {
            name: figure for name, figure in figures if not isinstance(figure, UnsetType)
        }
        record = self.rules.set(Holder(group=sent.group, key_id=sent.key_id), sent.model, changes)
        content = write_shown(None if record is None else show_limit(record))
        return AdminReply(content=content, changed={"group": sent.group, "key_id": sent.key_id, "model": sent.model})

    def clear(self, call: AdminCall) -> AdminReply:
        """Lift the rule for a model, or without one that for all together; `all=true` lifts every one of a holder's."""
        asked = call.asked("group", "key_id", "model", "all")
        everything = _YES.get(asked.get("all", "false"))
        if everything is None:
            raise InvalidField("all", "must be true or false")
        cleared = self.rules.clear(_holder(asked), None if everything else asked.get("model", ""))
        return AdminReply(content=write_shown({"cleared": cleared}), changed=asked)


def _holder(asked: Mapping[str, str]) -> Holder:
    return Holder(group=asked.get("group"), key_id=asked.get("key_id"))


def _group(record: GroupRecord, *, status: int = 200) -> AdminReply:
    content = write_shown(show_group(record))
    return AdminReply(content=content, status=status, changed={"group_id": record.group_id})


def _user(record: UserRecord, *, status: int = 200) -> AdminReply:
    ids = {"user_id": record.user_id, "group_id": record.group_id}
    return AdminReply(content=write_shown(show_user(record)), status=status, changed=ids)
