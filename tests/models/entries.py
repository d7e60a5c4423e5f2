"""Entries of catalogues that tests use in the place of the real one."""

import hashlib
from typing import Final

from rhapsode.models.entry import HubPlace, HubSource, Model, UpstreamSource, WheelSource

WEIGHTS: Final = b"GGUF" + bytes(range(256)) * 40

TINY: Final = Model(
    name="tiny",
    aliases=("default",),
    title="Tiny",
    licence="Apache-2.0",
    languages=("en",),
    abilities=("chat",),
    context=1024,
    cache=64,
    size=len(WEIGHTS),
    source=WheelSource(
        requirement="tiny-rhapsode-model==1.0",
        package="tiny_rhapsode_model",
        file="tiny.gguf",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    ),
)

UPSTREAM: Final = Model(
    name="huge",
    title="Huge",
    licence="MIT",
    languages=("en",),
    abilities=("chat",),
    context=100_000,
    cache=1,
    size=10**12,
    source=UpstreamSource(repo="someone/huge", serve=("serve someone/huge",)),
)


def hub_entry(content: bytes, *, digest: str | None = None, size: int | None = None) -> Model:
    """A model named tiny whose file a `tests.models.hub.Hub` has; `digest` is what the catalogue says of it."""
    place = HubPlace(repo="someone/tiny-GGUF", file="tiny.gguf")
    return Model(
        name="tiny",
        title="Tiny",
        licence="Apache-2.0",
        languages=("en",),
        abilities=("chat",),
        context=1024,
        cache=64,
        size=len(content) if size is None else size,
        source=HubSource(file="tiny.gguf", sha256=digest, huggingface=place),
    )
