"""Files of the groups, and long texts to be spoken."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("group_id", sa.String(19), sa.ForeignKey("groups.id"), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
    )
    op.create_index("ix_files_group_id_purpose", "files", ["group_id", "purpose"])
    op.create_index("ix_files_digest", "files", ["digest"])
    op.create_index("ix_files_expires_at", "files", ["expires_at"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("group_id", sa.String(19), sa.ForeignKey("groups.id"), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("file_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary(32)),
        sa.Column("words", sa.BigInteger, nullable=False),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("invisible_ratio", sa.Float, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("milliseconds", sa.BigInteger),
        sa.Column("audio_size", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("leased_until", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_tasks_group_id", "tasks", ["group_id"])
    op.create_index("ix_tasks_digest", "tasks", ["digest"])
    op.create_index("ix_tasks_status_leased_until", "tasks", ["status", "leased_until"])
