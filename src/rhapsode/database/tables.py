"""The tables as the code speaks of them. The migrations make them; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect


class Words(TypeDecorator[str]):
    """Text of a bounded length, which may be looked for in words that anybody wrote.

    PostgreSQL takes no NUL and SQLite does, and neither takes what a shell made of bytes that are no text. What is kept
    under a name here is printable, so that what is looked for in place of such a name is nobody's, as that itself is.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Of SQLAlchemy."""
        del dialect
        return value.replace("\0", "\1").encode(errors="replace").decode() if value else value


metadata = MetaData()

groups = Table(
    "groups",
    metadata,
    Column("id", Words(19), primary_key=True),  # 19 decimal digits, kept as text: it is a name, not a number
    Column("name", Words(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),  # seconds since 1970, UTC; so are all times here
    Column("balance", BigInteger),  # millionths of the currency of the prices; so is all money here
)

users = Table(
    "users",
    metadata,
    Column("id", Words(32), primary_key=True),
    Column("group_id", Words(19), ForeignKey("groups.id"), nullable=False),
    Column("name", Words(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("group_id", "name", name="uq_users_group_id_name"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Words(32), primary_key=True),
    Column("group_id", Words(19), ForeignKey("groups.id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # HMAC-SHA-256 of the key under the secret
    Column("hint", Words(8), nullable=False),  # the key's last characters, so that its owner knows it again
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("name", Words(64), nullable=False, server_default=""),
    Column("user_id", Words(32)),
    Column("expires_at", BigInteger),
    Column("models", Text),  # a JSON array of names; absent: every model
    Column("addresses", Text),  # a JSON array of networks; absent: from anywhere
    Column("last_used_at", BigInteger),
    Column("replaced_by", Words(32)),  # the id of the key that was made in its place
)

# Who looks after the server. These keys belong to no group and call no engine.
admin_keys = Table(
    "admin_keys",
    metadata,
    Column("id", Words(32), primary_key=True),
    Column("name", Words(64), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("hint", Words(8), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("addresses", Text),
    Column("last_used_at", BigInteger),
    Column("replaced_by", Words(32)),
)

# What a group or a key may have: of one model, its name in small letters, or of all together where `model` is empty.
limit_rules = Table(
    "limit_rules",
    metadata,
    Column("scope", Words(5), primary_key=True),
    Column("scope_id", Words(32), primary_key=True),
    Column("model", Words(128), primary_key=True),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("characters_per_minute", BigInteger),
    Column("parallel", BigInteger),
    Column("spend_per_month", BigInteger),
)

# What each month has cost, kept beside the ledger and written with it, so that a limit is one look-up.
spending = Table(
    "spending",
    metadata,
    Column("scope", Words(5), primary_key=True),
    Column("scope_id", Words(32), primary_key=True),
    Column("model", Words(128), primary_key=True),
    Column("month", Words(7), primary_key=True),  # 2026-11, in UTC
    Column("cost", BigInteger, nullable=False),
)

# The ledger: one row a call, and never a word of what was said. It outlives the groups and keys that it names.
calls = Table(
    "calls",
    metadata,
    Column("id", Words(48), primary_key=True),
    Column("group_id", Words(19), nullable=False),
    Column("key_id", Words(32), nullable=False),
    Column("user_id", Words(32)),
    Column("operation", Words(64), nullable=False),
    Column("model", Words(128), nullable=False),
    Column("voice", Words(256), nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("reply_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("characters", BigInteger, nullable=False),
    Column("audio_ms", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("outcome", Words(6), nullable=False),
    Column("status", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),  # milliseconds since 1970, so that a day is a whole division
    Column("first_ms", Float(53)),
    Column("took_ms", Float(53), nullable=False),
    Index("ix_calls_started_ms", "started_ms"),
    Index("ix_calls_group_id_started_ms", "group_id", "started_ms"),
)

# One row: what the secret makes of a fixed text, so that a wrong secret is told from a wrong key.
secret_check = Table(
    "secret_check",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False),
)

# What a group has uploaded or had made. The content lies in the home under its digest, once however often it is named.
files = Table(
    "files",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 15 digits, drawn at random
    Column("group_id", Words(19), ForeignKey("groups.id"), nullable=False),
    Column("purpose", Words(32), nullable=False),
    Column("filename", Words(255), nullable=False),  # as the caller wrote it: shown, and never used as a path
    Column("digest", LargeBinary(32), nullable=False, index=True),  # SHA-256
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, index=True),
    Index("ix_files_group_id_purpose", "group_id", "purpose"),
)

# Long texts to be spoken. A server that works on a task holds a lease on it, and another takes it over when that ends.
tasks = Table(
    "tasks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 15 digits, drawn at random
    Column("group_id", Words(19), ForeignKey("groups.id"), nullable=False, index=True),
    Column("token", Words(32), nullable=False),
    Column("file_id", BigInteger, nullable=False, unique=True),  # what the result will be called in `files`
    Column("digest", LargeBinary(32), index=True),  # of what to speak, until it is spoken: content as of `files`
    Column("words", BigInteger, nullable=False),
    Column("characters", BigInteger, nullable=False),
    Column("invisible_ratio", Float, nullable=False),
    Column("status", Words(10), nullable=False),
    Column("reason", Words(500)),  # why it failed
    Column("milliseconds", BigInteger),  # what the sound came to
    Column("audio_size", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("attempts", Integer, nullable=False),  # begun since there last was progress
    Column("lease", Words(32)),  # who works on it
    Column("leased_until", BigInteger, nullable=False),  # 0 where nobody does
    Index("ix_tasks_status_leased_until", "status", "leased_until"),
)

# Voices that a group made: cloned, designed, or blends under a name.
own_voices = Table(
    "own_voices",
    metadata,
    Column("group_id", Words(19), ForeignKey("groups.id"), primary_key=True),
    Column("id", Words(256), primary_key=True),
    Column("kind", Words(16), nullable=False),
    Column("description", Words(2000), nullable=False),
    Column("spec", Text, nullable=False),  # a timbre with what it is listed as, or the shares of a blend, as JSON
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),  # when it first spoke
    Column("made_by", Words(32), nullable=False),  # the key that asked for it, and so says that the speaker agreed
    Column("sample", LargeBinary(32)),  # SHA-256 of the recording that it was measured from
)
