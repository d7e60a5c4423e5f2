"""The addresses that a key may be used from: single ones, and networks."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from rhapsode.core.errors import InvalidField

Network = IPv4Network | IPv6Network

MOST = 100


def read_networks(addresses: Sequence[str], field: str = "addresses") -> tuple[Network, ...]:
    """As they are written: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`. Raises `InvalidField`."""
    if not 0 < len(addresses) <= MOST:
        raise InvalidField(field, f"must name 1 to {MOST} addresses; leave it out to allow every one")
    return tuple(_network(address, f"{field}[{place}]") for place, address in enumerate(addresses))


def within(networks: Sequence[Network], address: str | None) -> bool:
    """Whether an address is in one of them. One that nobody knows is in none."""
    try:
        there = ip_address(address or "")
    except ValueError:
        return False
    known = _plain(there)
    return any(known in network for network in networks)


def _network(text: str, field: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        rule = "must be an IP address or a network such as 10.0.0.0/8, without bits beyond its length"
        raise InvalidField(field, rule) from error


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """A listener for both kinds sees callers over IPv4 as `::ffff:10.1.2.3`."""
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
