"""Alembic's entry: runs the migrations in the transaction that the caller holds."""

from typing import cast

from alembic import context
from sqlalchemy import Connection

from rhapsode.database.tables import metadata

context.configure(connection=cast("Connection", context.config.attributes["connection"]), target_metadata=metadata)
context.run_migrations()
