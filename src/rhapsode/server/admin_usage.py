"""What was used, as administrators ask for it."""

from dataclasses import dataclass

from rhapsode.accounts.shown import write_shown
from rhapsode.accounts.usage import UsageQuery, read_usage
from rhapsode.accounts.usage_shown import read_day, read_dimensions, show_usage, usage_csv
from rhapsode.core.errors import InvalidField
from rhapsode.database.connect import Database
from rhapsode.server.admin import AdminCall, AdminReply


@dataclass(frozen=True)
class UsageDesk:
    """`/v1/admin/usage`."""

    database: Database
    currency: str

    def read(self, call: AdminCall) -> AdminReply:
        """The ledger's rows added up, as the query says."""
        asked = call.asked("by", "from", "to", "group", "key_id", "model", "format")
        kind = asked.get("format", "json")
        if kind not in {"json", "csv"}:
            raise InvalidField("format", "must be json or csv")
        query = UsageQuery(
            by=read_dimensions(asked.get("by", "day").split(",")),
            since=read_day(asked["from"], "from") if "from" in asked else None,
            until=read_day(asked["to"], "to") if "to" in asked else None,
            group=asked.get("group"),
            key_id=asked.get("key_id"),
            model=asked.get("model"),
        )
        rows = self.database.transact(lambda connection: read_usage(connection, query), write=False)
        if kind == "csv":
            content = usage_csv(rows, query, self.currency).encode()
            return AdminReply(content=content, content_type="text/csv; charset=utf-8")
        return AdminReply(content=write_shown(show_usage(rows, query, self.currency)))
