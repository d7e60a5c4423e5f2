"""What a start leaves in the home: the first key, and where this machine's own programs find the server."""

import asyncio
from dataclasses import replace

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.client import answers, find_address
from rhapsode.settings.credentials import Credentials, read_credentials, write_credentials
from rhapsode.settings.home import Home


async def keep_credentials(home: Home, accounts: Accounts, base_url: str) -> NewKey | None:
    """Make the first key where there is none yet; else see that this machine's programs find the server's address.

    An address that is not this machine's own, a proxy's perhaps, was set by hand and stays; so does that of another
    server of this home that runs already.
    """

    def keep(new: NewKey) -> None:
        home.keep_credentials(Credentials(base_url=base_url, group_id=new.group_id, api_key=new.api_key))

    if first_key := accounts.ensure_first_key(keep):
        return first_key
    kept = read_credentials(home.credentials_file)
    if kept is None or kept.base_url == base_url:
        return None
    there = find_address(kept.base_url, None, None, {})
    if there.is_loopback and not await asyncio.to_thread(answers, there) and await accounts.find(kept.api_key):
        write_credentials(home.credentials_file, replace(kept, base_url=base_url))
    return None
