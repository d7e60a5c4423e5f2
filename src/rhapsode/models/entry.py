"""The shape of an entry of `catalogue.toml`, which explains its figures."""

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

Ability: TypeAlias = Literal["chat", "embed", "functions"]
HubName: TypeAlias = Literal["huggingface", "modelscope"]
SERVED_CONTEXT: Final = 8192
"""Tokens of a conversation that a model with a longer context is served with, unless the settings say otherwise."""

_EMBEDDED_TEXT: Final = 4096
"""tokens that the embedding engine takes of a text unless the settings say otherwise"""
_AT_ONCE: Final = 4
"""slots that an engine has unless the settings say otherwise"""

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class WheelSource(_Table, frozen=True, kw_only=True, tag_field="kind", tag="wheel"):
    """`file` lies in the `package` that a package index has under `requirement`."""

    requirement: str
    package: str
    file: str
    sha256: Sha256


class HubPlace(_Table, frozen=True, kw_only=True):
    """Where a hub keeps a file. Without a `revision`: the hub's main branch."""

    repo: str
    file: str
    revision: str | None = None


class HubSource(_Table, frozen=True, kw_only=True, tag_field="kind", tag="hub"):
    """The same file on one hub or more; `file` is its name here."""

    file: str
    sha256: Sha256 | None = None
    huggingface: HubPlace | None = None
    modelscope: HubPlace | None = None

    def place(self, hub: HubName) -> HubPlace | None:
        """Where that hub keeps it."""
        return self.huggingface if hub == "huggingface" else self.modelscope


class UpstreamSource(_Table, frozen=True, kw_only=True, tag_field="kind", tag="upstream"):
    """Weights that another server loads: one of the commands `serve` starts such a server on port 8000."""

    repo: str
    serve: tuple[str, ...]


class Model(_Table, frozen=True, kw_only=True):
    """A model that has a name. `size` and `cache` in bytes, the latter for a token of context."""

    name: str
    aliases: tuple[str, ...] = ()
    title: str
    licence: str
    languages: tuple[str, ...]
    abilities: tuple[Ability, ...]
    context: int
    cache: int
    size: int
    source: WheelSource | HubSource | UpstreamSource

    @property
    def size_is_exact(self) -> bool:
        """Whether the file cannot be of another size: its digest is known."""
        return not isinstance(self.source, UpstreamSource) and self.source.sha256 is not None

    @property
    def memory(self) -> int:
        """About how many bytes it takes with the settings that `rhapsode models show` prints.

        They are the file's and those of 4 conversations, or 4 texts that become vectors, at once.
        """
        tokens = SERVED_CONTEXT if "chat" in self.abilities else _EMBEDDED_TEXT
        return self.size + _AT_ONCE * min(self.context, tokens) * self.cache
