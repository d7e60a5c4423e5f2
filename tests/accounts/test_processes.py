"""What another process does to the keys, a running server feels within a second."""

import asyncio
import subprocess
import sys
import time

import pytest

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.core.errors import UnknownKey
from rhapsode.database.connect import Database
from tests.accounts.conftest import SECRET

# The promise, and the only place here where a time is asserted.
FELT_WITHIN_SECONDS = 1.0

OTHER_PROCESS = f"""
import sys
from rhapsode.accounts.keys import Accounts
from rhapsode.database.open import open_database
database = open_database(sys.argv[1])
accounts = Accounts(database, {SECRET!r})
if sys.argv[2] == "create":
    print(accounts.create_key("studio").api_key)
else:
    accounts.revoke_key(sys.argv[2])
database.close()
"""


async def another_process(url: str, action: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OTHER_PROCESS,
        url,
        action,
        stdout=subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().strip()


async def test_a_key_that_another_process_makes_opens_at_once(database: Database, database_url: str) -> None:
    accounts = Accounts(database, SECRET)
    api_key = await another_process(database_url, "create")
    assert await accounts.find(api_key) is not None


async def test_a_key_that_another_process_revokes_is_refused_within_a_second(
    database: Database, database_url: str
) -> None:
    accounts = Accounts(database, SECRET)
    new: NewKey = accounts.create_key("studio")

    async def ask_on() -> None:
        while True:
            await accounts.authorise(new.api_key, None)
            await asyncio.sleep(0)  # a busy caller: the answer that is kept is always used

    asking = asyncio.create_task(ask_on())
    await another_process(database_url, new.key_id)
    revoked = time.monotonic()
    with pytest.raises(UnknownKey):
        await asking
    assert time.monotonic() - revoked < FELT_WITHIN_SECONDS
