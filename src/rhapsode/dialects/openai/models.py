"""The list of models in OpenAI's shape. Shapes: https://platform.openai.com/docs/api-reference/models."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

OWNER: Final = "rhapsode"
"""Who serves the models. Who made what serves a public name, only the settings know."""


class Model(Struct, frozen=True, kw_only=True):
    """A public name. `created` is, in Unix seconds, when this server began to serve it."""

    id: str
    object: str = "model"
    created: int
    owned_by: str = OWNER


class _ModelList(Struct, frozen=True, kw_only=True):
    object: str = "list"
    data: list[Model]


_ENCODER: Final = msgspec.json.Encoder()


def write_models(names: Iterable[str], *, created: int) -> bytes:
    """All of them, each once."""
    return _ENCODER.encode(_ModelList(data=[Model(id=name, created=created) for name in dict.fromkeys(names)]))


def write_model(name: str, *, created: int) -> bytes:
    """One of them."""
    return _ENCODER.encode(Model(id=name, created=created))
