"""Users, administrators' keys, what keys may do, limits, and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("group_id", sa.String(19), sa.ForeignKey("groups.id"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("group_id", "name", name="uq_users_group_id_name"),
    )
    op.create_table(
        "admin_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("hint", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("addresses", sa.Text),
        sa.Column("last_used_at", sa.BigInteger),
    )
    op.add_column("groups", sa.Column("balance", sa.BigInteger))
    op.add_column("keys", sa.Column("name", sa.String(64), nullable=False, server_default=""))
    op.add_column("keys", sa.Column("user_id", sa.String(32)))
    op.add_column("keys", sa.Column("expires_at", sa.BigInteger))
    op.add_column("keys", sa.Column("models", sa.Text))
    op.add_column("keys", sa.Column("addresses", sa.Text))
    op.add_column("keys", sa.Column("last_used_at", sa.BigInteger))
    op.create_table(
        "limit_rules",
        sa.Column("scope", sa.String(5), primary_key=True),
        sa.Column("scope_id", sa.String(32), primary_key=True),
        sa.Column("model", sa.String(128), primary_key=True),
        sa.Column("requests_per_minute", sa.BigInteger),
        sa.Column("tokens_per_minute", sa.BigInteger),
        sa.Column("characters_per_minute", sa.BigInteger),
        sa.Column("parallel", sa.BigInteger),
        sa.Column("spend_per_month", sa.BigInteger),
    )
    op.create_table(
        "spending",
        sa.Column("scope", sa.String(5), primary_key=True),
        sa.Column("scope_id", sa.String(32), primary_key=True),
        sa.Column("model", sa.String(128), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("cost", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("group_id", sa.String(19), nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32)),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("voice", sa.String(256), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("reply_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("audio_ms", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(6), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("first_ms", sa.Float(53)),
        sa.Column("took_ms", sa.Float(53), nullable=False),
        sa.Index("ix_calls_started_ms", "started_ms"),
        sa.Index("ix_calls_group_id_started_ms", "group_id", "started_ms"),
    )
