"""What every engine that asks another server takes from its table of the settings file."""

from collections.abc import Mapping
from typing import Annotated, TypeVar, cast

import msgspec

from rhapsode.core.errors import SettingsError
from rhapsode.engines.options import read_options
from rhapsode.engines.upstream.headers import HeaderSource

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86400)]


class UpstreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table of the settings file.

    `base_url`: where the server is, with or without its `/v1`.
    `model`: what the server calls the model; empty is the name that the caller used.
    `api_key_env`, `api_key_file`: the variable, or the file, that holds the key.
    `headers`: headers to send with every call; of each, the variable or the file that holds its value.
    `ca_file`: certificates (PEM) to trust instead of the system's.
    `proxy`: the address of an HTTP proxy; the environment's proxies are not used.
    `connect_timeout`: seconds until a connection is there.
    `first_token_timeout`: seconds until the first piece of a reply is, each attempt by itself.
    `idle_timeout`: seconds of silence within a reply.
    `total_timeout`: seconds of a whole call, its retries included.
    `retries`: further attempts before the first piece of a reply.
    `parallel`: calls at once.
    `queue`: how many calls may wait beyond them.
    `breaker_failures`: failures in a row after which calls fail at once; 0 is never.
    `breaker_seconds`: how long they do, before one of them is let through to probe.
    """

    base_url: str
    model: str = ""
    api_key_env: str = ""
    api_key_file: str = ""
    headers: dict[str, HeaderSource] = {}
    ca_file: str = ""
    proxy: str = ""
    connect_timeout: Seconds = 5.0
    first_token_timeout: Seconds = 60.0
    idle_timeout: Seconds = 60.0
    total_timeout: Seconds = 600.0
    retries: Annotated[int, msgspec.Meta(ge=0, le=10)] = 2
    parallel: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 64
    queue: Annotated[int, msgspec.Meta(ge=0)] = 256
    breaker_failures: Annotated[int, msgspec.Meta(ge=0)] = 5
    breaker_seconds: Seconds = 10.0


OptionsT = TypeVar("OptionsT", bound=UpstreamOptions)


def read_upstream_options(options: Mapping[str, object], shape: type[OptionsT], *, kind: str) -> OptionsT:
    """As `read_options`; a key or a header's value written into the file is refused with the way to do it."""
    if "api_key" in options:
        raise SettingsError(
            f"options of the {kind} engine: a key does not belong in the settings file: name the environment variable "
            "that holds it (api_key_env), or a file (api_key_file)"
        )
    headers = options.get("headers")
    if isinstance(headers, dict) and any(
        isinstance(value, str) for value in cast("dict[str, object]", headers).values()
    ):
        raise SettingsError(
            f"options of the {kind} engine: headers: a value does not belong in the settings file: name the "
            'environment variable that holds it ({ env = "..." }), or a file ({ file = "..." })'
        )
    return read_options(options, shape, kind=kind)
