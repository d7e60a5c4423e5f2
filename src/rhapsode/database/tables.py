"""The tables as the code speaks of them. The migrations make them; a test compares the two."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

groups = Table(
    "groups",
    metadata,
    Column("id", String(19), primary_key=True),  # 19 decimal digits, kept as text: it is a name, not a number
    Column("name", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),  # seconds since 1970, UTC; so are all times here
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("group_id", String(19), ForeignKey("groups.id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # HMAC-SHA-256 of the key under the secret
    Column("hint", String(8), nullable=False),  # the key's last characters, so that its owner knows it again
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

# One row: what the secret makes of a fixed text, so that a wrong secret is told from a wrong key.
secret_check = Table(
    "secret_check",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False),
)
