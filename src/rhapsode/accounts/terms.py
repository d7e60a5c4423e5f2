"""What a key may do, as it is asked for."""

from dataclasses import dataclass, replace

from rhapsode.accounts.addresses import read_networks
from rhapsode.core.errors import InvalidField

NAME_CHARACTERS = 64
MODEL_CHARACTERS = 128
MOST_MODELS = 100
LATEST = 253402300799
"""The end of the year 9999, in seconds since 1970: the last that can be written as a date."""


@dataclass(frozen=True, kw_only=True)
class KeyTerms:
    """`user` is the id or the name of a user of the group. `expires_at` is in seconds since 1970, UTC.

    `models` and `addresses` None allow all. Nothing in them was checked yet.
    """

    name: str = ""
    user: str | None = None
    expires_at: int | None = None
    models: tuple[str, ...] | None = None
    addresses: tuple[str, ...] | None = None


def check_terms(terms: KeyTerms, *, now: float) -> KeyTerms:
    """The terms with addresses as they are compared. Raises `InvalidField`."""
    if terms.name:
        check_name(terms.name, "name")
    check_expiry(terms.expires_at, now=now)
    if terms.models is not None:
        if not 0 < len(terms.models) <= MOST_MODELS:
            raise InvalidField("models", f"must name 1 to {MOST_MODELS} models; leave it out to allow every one")
        for place, model in enumerate(terms.models):
            check_model(model, f"models[{place}]")
    return replace(terms, addresses=check_addresses(terms.addresses))


def check_name(name: str, field: str) -> None:
    """A name that can be read and typed. Raises `InvalidField`."""
    if not 0 < len(name) <= NAME_CHARACTERS or not name.isprintable() or name != name.strip():
        rule = f"must have 1 to {NAME_CHARACTERS} printable characters, none of them a space at an end"
        raise InvalidField(field, rule)


def check_model(model: str, field: str) -> None:
    """The name of a model, as callers write it. Raises `InvalidField`."""
    if not 0 < len(model) <= MODEL_CHARACTERS or not model.isprintable() or model != model.strip():
        raise InvalidField(field, f"must be a model's name, of 1 to {MODEL_CHARACTERS} printable characters")


def check_expiry(expires_at: int | None, *, now: float) -> None:
    """A moment that is to come. Raises `InvalidField`."""
    if expires_at is not None and not now < expires_at <= LATEST:
        raise InvalidField("expires_at", "must lie in the future, before the year 10000")


def check_addresses(addresses: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The networks as text. Raises `InvalidField`."""
    return None if addresses is None else tuple(str(network) for network in read_networks(addresses))
