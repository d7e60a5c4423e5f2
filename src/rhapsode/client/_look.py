"""Is one of our servers at an address? Asked before a key is sent there, and before an address is taken over."""

import httpx2
import msgspec

from rhapsode.client._address import Address

LOOK_SECONDS = 1.0
"""How long a server that should be there may take to say that it is."""


class _Live(msgspec.Struct):
    server: str = ""


def answers(address: Address) -> bool:
    """Whether the server is there. On this machine it has to be one of ours: a port is soon another program's."""
    try:
        with httpx2.Client(trust_env=not address.is_loopback, timeout=LOOK_SECONDS) as http:
            answer = http.get(f"{address.base_url}/health/live")
    except httpx2.HTTPError:
        return False
    if not address.is_loopback:
        return True
    try:
        return msgspec.json.decode(answer.content, type=_Live).server == "rhapsode"
    except msgspec.DecodeError:
        return False
