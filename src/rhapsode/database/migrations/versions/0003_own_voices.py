"""Voices that groups made for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "own_voices",
        sa.Column("group_id", sa.String(19), sa.ForeignKey("groups.id"), primary_key=True),
        sa.Column("id", sa.String(256), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.Column("sample", sa.LargeBinary(32)),
    )
