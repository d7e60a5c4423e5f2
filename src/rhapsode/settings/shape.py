"""Every setting: its type, its default, its rule. docs/settings.md has a line for each."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import Annotated, Literal

import msgspec

EMBEDDED = "embedded"
"""The engine that needs no lines in the file: the one that comes with the installation."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Figure = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Price = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
EngineName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]

_ORIGIN = r"^(\*|https?://[^/?#\s]+)$"


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file. `ValueError` out of a `__post_init__` is reported with the table's name."""


class EngineSetting(_Table, frozen=True, kw_only=True):
    """One engine. `kind` names its code in the registry, which reads `options` and judges them."""

    kind: Text
    options: Mapping[str, object] = {}


class ServerSettings(_Table, frozen=True, kw_only=True):
    """Where the server listens. Port 0 takes any free one. `public_url` is how callers reach it; or empty.

    `workers`: how many processes take calls; of many, one that does not answer for `hang_seconds` is killed.
    `tls_cert` and `tls_key` are PEM files, counted from the home; or empty. `behind_proxy` are the addresses of proxies
    that are believed, `cors_origins` those of pages that may call.
    `admin_host` and `admin_port`: where administrators are served, and nowhere else then; the figures without a key
    where `metrics_open` says so.
    """

    host: Text = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8765
    public_url: Annotated[str, msgspec.Meta(pattern="^(https?://[^/?#]+[^?#]*)?$", max_length=4096)] = ""
    workers: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    hang_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 30.0
    tls_cert: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    tls_key: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    behind_proxy: Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)] = ()
    cors_origins: tuple[Annotated[str, msgspec.Meta(pattern=_ORIGIN, max_length=4096)], ...] = ()
    admin_host: Text = "127.0.0.1"
    admin_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    metrics_open: bool = False

    def __post_init__(self) -> None:
        if self.metrics_open and self.admin_port is None:
            raise ValueError("metrics_open: needs an admin_port, so that callers' own listener stays closed")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key: both or neither")
        for address in self.behind_proxy:
            try:
                ip_network(address)
            except ValueError as error:
                raise ValueError(
                    f"behind_proxy: {address!r} is no address and no network such as 10.0.0.0/8"
                ) from error


class ChatSettings(_Table, frozen=True, kw_only=True):
    """Who replies. `models` maps a public model name to engine names, the fallbacks after the first."""

    default: EngineName = EMBEDDED
    engines: Mapping[EngineName, EngineSetting] = {}
    models: Mapping[Text, Annotated[tuple[EngineName, ...], msgspec.Meta(min_length=1)]] = {}

    def __post_init__(self) -> None:
        uses = [("default", self.default), *_uses(self.models)]
        embedded = EngineSetting(kind="llama", options={"model": "smollm2-135m"})
        msgspec.structs.force_setattr(self, "engines", _with_embedded(self.engines, uses, embedded))


class SpeechSettings(_Table, frozen=True, kw_only=True):
    """Who speaks."""

    default: EngineName = EMBEDDED
    engines: Mapping[EngineName, EngineSetting] = {}

    def __post_init__(self) -> None:
        embedded = EngineSetting(kind="espeak")
        engines = _with_embedded(self.engines, [("default", self.default)], embedded)
        msgspec.structs.force_setattr(self, "engines", engines)


class ModelSettings(_Table, frozen=True, kw_only=True):
    """Where models are fetched from. `endpoint` is a mirror's address, which stands in for the hub's own; or empty."""

    hub: Literal["huggingface", "modelscope"] = "huggingface"
    endpoint: Annotated[str, msgspec.Meta(pattern="^(https?://[^/].*)?$", max_length=4096)] = ""


class EmbedSettings(_Table, frozen=True, kw_only=True):
    """Who makes vectors: nobody, unless the file says so. `default` serves the platform's own model name."""

    default: EngineName | None = None
    engines: Mapping[EngineName, EngineSetting] = {}
    models: Mapping[Text, Annotated[tuple[EngineName, ...], msgspec.Meta(min_length=1)]] = {}

    def __post_init__(self) -> None:
        uses = [] if self.default is None else [("default", self.default)]
        _require_known(self.engines, [*uses, *_uses(self.models)])


class SearchSettings(_Table, frozen=True, kw_only=True):
    """Where the web is searched: nowhere, unless the file says so. `timeout` is in seconds, for a whole search."""

    url: Annotated[str, msgspec.Meta(pattern="^(https?://[^/].*)?$", max_length=4096)] = ""
    results: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0


class FileSettings(_Table, frozen=True, kw_only=True):
    """What a group may keep, and for how long links and files are good. Sizes are in bytes."""

    group_size: Annotated[int, msgspec.Meta(ge=0)] = 100 * 1000**3
    group_count: Annotated[int, msgspec.Meta(ge=0)] = 10_000
    upload_days: Annotated[int, msgspec.Meta(ge=0, le=36500)] = 0
    link_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 9.0
    speech_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 24.0


class TaskSettings(_Table, frozen=True, kw_only=True):
    """Long texts: how many are spoken at once, how many of a group may wait, and how long a result is kept."""

    parallel: Annotated[int, msgspec.Meta(ge=0, le=64)] = 1
    waiting: Annotated[int, msgspec.Meta(ge=1)] = 100
    result_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 7


class DatabaseSettings(_Table, frozen=True, kw_only=True):
    """Where accounts and the ledger are kept: `sqlite:///PATH`, a relative one from the home, or `postgresql://...`.

    `url_env` names an environment variable that holds the address instead: it may have a password in it. `keep_days`
    is for how long the ledger's rows are kept; 0 is for ever.
    """

    url: Annotated[str, msgspec.Meta(pattern="^(sqlite:///.|postgres(ql)?://)", max_length=4096)] = (
        "sqlite:///rhapsode.db"
    )
    url_env: str = ""
    keep_days: Annotated[int, msgspec.Meta(ge=0, le=36500)] = 0

    def __repr__(self) -> str:
        masked = self if self.url.startswith("sqlite:") else msgspec.structs.replace(self, url="...")
        return super(DatabaseSettings, masked).__repr__()


class ModelPrice(_Table, frozen=True, kw_only=True):
    """What 1,000 tokens of a prompt cost, of those that were known already, and of a reply; and 1,000 characters.

    `cached` absent is as `prompt`.
    """

    prompt: Price = 0.0
    cached: Price | None = None
    reply: Price = 0.0
    characters: Price = 0.0


class PriceSettings(_Table, frozen=True, kw_only=True):
    """What calls cost, in `currency`. The model `*` is every model that has no line of its own."""

    currency: Annotated[str, msgspec.Meta(min_length=1, max_length=8)] = "CNY"
    models: Mapping[Text, ModelPrice] = {}


class LimitSettings(_Table, frozen=True, kw_only=True):
    """What a group may have that has no limit of its own; absent is no limit. And where many servers count together.

    `redis_url_env` names an environment variable that holds the address instead: it may have a password in it.
    One that takes longer than `redis_seconds` is slow, and `processes` is how many count there: each lets in its part
    while Redis is slow or gone.
    """

    requests_per_minute: Figure | None = None
    tokens_per_minute: Figure | None = None
    characters_per_minute: Figure | None = None
    parallel: Figure | None = None
    redis_url: Annotated[str, msgspec.Meta(pattern="^((rediss?|unix)://.*)?$", max_length=4096)] = ""
    redis_url_env: str = ""
    redis_seconds: Annotated[float, msgspec.Meta(ge=0.01, le=60)] = 0.2
    processes: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 2

    def __repr__(self) -> str:
        masked = msgspec.structs.replace(self, redis_url="..." if self.redis_url else "")
        return super(LimitSettings, masked).__repr__()


class LogSettings(_Table, frozen=True, kw_only=True):
    """What goes to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json: bool = False


class TraceSettings(_Table, frozen=True, kw_only=True):
    """Where traces go: nowhere, unless `endpoint` is a collector's address. `sample` is the share that is kept."""

    endpoint: Annotated[str, msgspec.Meta(pattern="^(https?://[^/].*)?$", max_length=4096)] = ""
    sample: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class Settings(_Table, frozen=True, kw_only=True):
    """The whole file. Every engine that is named exists in `engines`."""

    server: ServerSettings = msgspec.field(default_factory=ServerSettings)
    chat: ChatSettings = msgspec.field(default_factory=ChatSettings)
    speech: SpeechSettings = msgspec.field(default_factory=SpeechSettings)
    models: ModelSettings = msgspec.field(default_factory=ModelSettings)
    embed: EmbedSettings = msgspec.field(default_factory=EmbedSettings)
    search: SearchSettings = msgspec.field(default_factory=SearchSettings)
    files: FileSettings = msgspec.field(default_factory=FileSettings)
    tasks: TaskSettings = msgspec.field(default_factory=TaskSettings)
    database: DatabaseSettings = msgspec.field(default_factory=DatabaseSettings)
    limits: LimitSettings = msgspec.field(default_factory=LimitSettings)
    prices: PriceSettings = msgspec.field(default_factory=PriceSettings)
    logs: LogSettings = msgspec.field(default_factory=LogSettings)
    traces: TraceSettings = msgspec.field(default_factory=TraceSettings)


def _with_embedded(
    engines: Mapping[str, EngineSetting], uses: Sequence[tuple[str, str]], embedded: EngineSetting
) -> Mapping[str, EngineSetting]:
    """The engines, and the embedded one where it is named and not described: unused, it would only take memory."""
    known = dict(engines)
    for _, name in uses:
        if name == EMBEDDED:
            known.setdefault(EMBEDDED, embedded)
    _require_known(known, uses)
    return known


def _uses(models: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Each place in `models` that names an engine, and the name."""
    for model, names in models.items():
        if len(set(names)) < len(names):
            raise ValueError(f"models: {model!r} names an engine twice")
    return [(f"models: {model!r}", name) for model, names in models.items() for name in names]


def _require_known(engines: Mapping[str, EngineSetting], uses: Iterable[tuple[str, str]]) -> None:
    for key, name in uses:
        if name not in engines:
            raise ValueError(f"{key}: there is no engine {name!r} under engines")
