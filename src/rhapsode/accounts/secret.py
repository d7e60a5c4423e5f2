"""The secret that a database's keys are kept under: the first one to be used with it stays."""

from sqlalchemy import Connection, insert, select

from rhapsode.accounts.api_key import KeyDigests, same_digest
from rhapsode.core.errors import SettingsError
from rhapsode.database.tables import secret_check


def check_secret(connection: Connection, digests: KeyDigests) -> None:
    """See that it is this one; under another, every key would look wrong. Raises `SettingsError`."""
    stored = connection.execute(select(secret_check.c.digest)).scalar_one_or_none()
    if stored is None:
        connection.execute(insert(secret_check).values(id=1, digest=digests.check()))
    elif not same_digest(stored, digests.check()):
        raise SettingsError(
            "the secret is not the one that this database's keys were made under: put the home's `secret` file or "
            "RHAPSODE_SECRET back, or begin with a new database"
        )
