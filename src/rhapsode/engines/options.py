"""An engine's options, as its table of the settings file holds them, checked against a type."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from rhapsode.core.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)


def read_options(options: Mapping[str, object], shape: type[T], *, kind: str) -> T:
    """The options as a `shape`. Raises `SettingsError` that names the option and the rule it breaks."""
    try:
        return msgspec.convert(dict(options), shape)
    except msgspec.ValidationError as fault:
        raise SettingsError(f"options of the {kind} engine: {fault}") from fault
