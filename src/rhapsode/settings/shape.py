"""Every setting: its type, its default, its rule. docs/settings.md has a line for each."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import msgspec

EMBEDDED = "embedded"
"""The engine that needs no lines in the file: the one that comes with the installation."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
EngineName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file. `ValueError` out of a `__post_init__` is reported with the table's name."""


class EngineSetting(_Table, frozen=True, kw_only=True):
    """One engine. `kind` names its code in the registry, which reads `options` and judges them."""

    kind: Text
    options: Mapping[str, object] = {}


class ServerSettings(_Table, frozen=True, kw_only=True):
    """Where the server listens. Port 0 takes any free one."""

    host: Text = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8765


class ChatSettings(_Table, frozen=True, kw_only=True):
    """Who replies. `models` maps a public model name to engine names, the fallbacks after the first."""

    default: EngineName = EMBEDDED
    engines: Mapping[EngineName, EngineSetting] = {}
    models: Mapping[Text, Annotated[tuple[EngineName, ...], msgspec.Meta(min_length=1)]] = {}

    def __post_init__(self) -> None:
        for model, names in self.models.items():
            if len(set(names)) < len(names):
                raise ValueError(f"models: {model!r} names an engine twice")
        uses = [("default", self.default)]
        uses += [(f"models: {model!r}", name) for model, names in self.models.items() for name in names]
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


class DatabaseSettings(_Table, frozen=True, kw_only=True):
    """Where accounts are kept: `sqlite:///PATH`. A relative path counts from the home."""

    url: Annotated[str, msgspec.Meta(pattern="^sqlite:///.")] = "sqlite:///rhapsode.db"


class LogSettings(_Table, frozen=True, kw_only=True):
    """What goes to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json: bool = False


class Settings(_Table, frozen=True, kw_only=True):
    """The whole file. Every engine that is named exists in `engines`."""

    server: ServerSettings = msgspec.field(default_factory=ServerSettings)
    chat: ChatSettings = msgspec.field(default_factory=ChatSettings)
    speech: SpeechSettings = msgspec.field(default_factory=SpeechSettings)
    database: DatabaseSettings = msgspec.field(default_factory=DatabaseSettings)
    logs: LogSettings = msgspec.field(default_factory=LogSettings)


def _with_embedded(
    engines: Mapping[str, EngineSetting], uses: Iterable[tuple[str, str]], embedded: EngineSetting
) -> Mapping[str, EngineSetting]:
    """The engines, and the embedded one where it is named and not described: unused, it would only take memory."""
    known = dict(engines)
    for key, name in uses:
        if name == EMBEDDED:
            known.setdefault(EMBEDDED, embedded)
        if name not in known:
            raise ValueError(f"{key}: there is no engine {name!r} under engines")
    return known
