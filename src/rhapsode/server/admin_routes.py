"""The admin API's addresses: a list of their own, for the listener of the calls or for another one."""

from dataclasses import dataclass

from starlette.routing import BaseRoute, Route

from rhapsode.accounts.admin_keys import AdminKeys
from rhapsode.accounts.groups import Groups
from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.limits import LimitRules
from rhapsode.accounts.users import Users
from rhapsode.database.connect import Database
from rhapsode.server.admin import AdminEndpoint, AdminHandler
from rhapsode.server.admin_accounts import GroupDesk, LimitDesk, UserDesk
from rhapsode.server.admin_keys import AdminKeyDesk, KeyDesk
from rhapsode.server.admin_usage import UsageDesk
from rhapsode.server.metrics import PATH as METRICS_PATH
from rhapsode.server.metrics import MetricsEndpoint
from rhapsode.service.admission import Admission
from rhapsode.service.meter import Watcher


@dataclass(frozen=True, kw_only=True)
class Administration:
    """What the addresses lead to."""

    database: Database
    groups: Groups
    users: Users
    accounts: Accounts
    admin_keys: AdminKeys
    limits: LimitRules
    usage: UsageDesk


def open_administration(database: Database, accounts: Accounts, secret: bytes, *, currency: str) -> Administration:
    """What there is to look after in a database, and in what money it is told."""
    return Administration(
        database=database,
        groups=Groups(database),
        users=Users(database),
        accounts=accounts,
        admin_keys=AdminKeys(database, secret),
        limits=LimitRules(database),
        usage=UsageDesk(database, currency),
    )


def admin_routes(to: Administration, admission: Admission, watcher: Watcher) -> list[BaseRoute]:
    """The table. `watcher` is told of every call."""

    def route(method: str, path: str, handler: AdminHandler) -> Route:
        endpoint = AdminEndpoint(
            handler,
            path=f"/v1/admin/{path}",
            authority=to.admin_keys,
            admission=admission,
            database=to.database,
            watcher=watcher,
        )
        return Route(f"/v1/admin/{path}", endpoint, methods=[method])

    groups, users, limits = GroupDesk(to.groups), UserDesk(to.users), LimitDesk(to.limits)
    keys, admin_keys = KeyDesk(to.accounts), AdminKeyDesk(to.admin_keys)
    return [
        route("GET", "groups", groups.list),
        route("POST", "groups", groups.create),
        route("GET", "groups/{group}", groups.show),
        route("PATCH", "groups/{group}", groups.rename),
        route("POST", "groups/{group}/balance", groups.change_balance),
        route("GET", "users", users.list),
        route("POST", "users", users.create),
        route("GET", "users/{user}", users.show),
        route("POST", "users/{user}/revoke", users.revoke_keys),
        route("GET", "keys", keys.list),
        route("POST", "keys", keys.create),
        route("POST", "keys/import", keys.import_jwt),
        route("GET", "keys/{key}", keys.show),
        route("PATCH", "keys/{key}", keys.change),
        route("POST", "keys/{key}/rotate", keys.rotate),
        route("POST", "keys/{key}/revoke", keys.revoke),
        route("GET", "admin-keys", admin_keys.list),
        route("POST", "admin-keys", admin_keys.create),
        route("GET", "admin-keys/{key}", admin_keys.show),
        route("POST", "admin-keys/{key}/rotate", admin_keys.rotate),
        route("POST", "admin-keys/{key}/revoke", admin_keys.revoke),
        route("GET", "limits", limits.list),
        route("PATCH", "limits", limits.change),
        route("DELETE", "limits", limits.clear),
        route("GET", "usage", to.usage.read),
        Route(METRICS_PATH, MetricsEndpoint(to.admin_keys, watcher), methods=["GET"]),
    ]
