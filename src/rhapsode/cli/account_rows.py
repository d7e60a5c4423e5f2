"""Accounts as people read them: rows of a table, or one row upright."""

from collections.abc import Sequence

from rhapsode.accounts.groups import GroupRecord
from rhapsode.accounts.limits import RuleRecord
from rhapsode.accounts.money import write_money
from rhapsode.accounts.records import AdminKeyRecord, KeyRecord
from rhapsode.accounts.shown import write_time
from rhapsode.accounts.users import UserRecord
from rhapsode.cli.account_words import AccountWords
from rhapsode.cli.screen import Screen
from rhapsode.cli.table import print_table


def print_upright(screen: Screen, words: AccountWords, columns: Sequence[str], row: Sequence[str]) -> None:
    """One record, a line a field."""
    print_table(screen, (words.name, words.value), zip(columns, row, strict=True))


def group_columns(words: AccountWords) -> tuple[str, ...]:
    """Of `group_row`."""
    return (words.group_id, words.name, words.open_keys, words.balance, words.created)


def group_row(record: GroupRecord, words: AccountWords) -> tuple[str, ...]:
    """A group."""
    balance = words.unlimited if record.balance is None else write_money(record.balance)
    return (record.group_id, record.name, str(record.keys), balance, _time(record.created_at))


def user_columns(words: AccountWords) -> tuple[str, ...]:
    """Of `user_row`."""
    return (words.user_id, words.name, words.group, words.open_keys, words.created)


def user_row(record: UserRecord) -> tuple[str, ...]:
    """A user."""
    return (record.user_id, record.name, record.group_name, str(record.keys), _time(record.created_at))


def key_columns(words: AccountWords) -> tuple[str, ...]:
    """Of `key_row`."""
    return (
        words.key_id,
        words.group,
        words.ends_in,
        words.created,
        words.revoked,
        words.name,
        words.user,
        words.expires,
        words.last_used,
        words.models,
        words.addresses,
    )


def key_row(record: KeyRecord, words: AccountWords) -> tuple[str, ...]:
    """A key."""
    return (
        record.key_id,
        record.group_name,
        record.hint,
        _time(record.created_at),
        _time(record.revoked_at),
        record.name,
        record.user_name or "",
        _time(record.expires_at),
        _time(record.last_used_at, words.never),
        _names(record.models, words),
        _names(record.addresses, words),
    )


def admin_key_columns(words: AccountWords) -> tuple[str, ...]:
    """Of `admin_key_row`."""
    return (
        words.key_id,
        words.name,
        words.ends_in,
        words.created,
        words.revoked,
        words.expires,
        words.last_used,
        words.addresses,
    )


def admin_key_row(record: AdminKeyRecord, words: AccountWords) -> tuple[str, ...]:
    """An administrator's key."""
    return (
        record.key_id,
        record.name,
        record.hint,
        _time(record.created_at),
        _time(record.revoked_at),
        _time(record.expires_at),
        _time(record.last_used_at, words.never),
        _names(record.addresses, words),
    )


def limit_columns(words: AccountWords) -> tuple[str, ...]:
    """Of `limit_row`."""
    return (
        words.group,
        words.key_id,
        words.model,
        words.requests,
        words.tokens,
        words.characters,
        words.parallel,
        words.spend,
        words.spent,
    )


def limit_row(record: RuleRecord, words: AccountWords) -> tuple[str, ...]:
    """A rule."""
    rule = record.rule
    figures = (rule.requests_per_minute, rule.tokens_per_minute, rule.characters_per_minute, rule.parallel)
    return (
        record.group_name,
        record.key_id or words.every_one,
        rule.model or words.everything,
        *("" if figure is None else str(figure) for figure in figures),
        "" if rule.spend_per_month is None else write_money(rule.spend_per_month),
        write_money(rule.spent),
    )


def _time(seconds: int | None, absent: str = "") -> str:
    return absent if seconds is None else write_time(seconds, "minutes")


def _names(names: Sequence[str] | None, words: AccountWords) -> str:
    return words.every_one if names is None else " ".join(names)
