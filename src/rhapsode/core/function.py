"""Functions that a model may call, and its calls. What they do is the caller's business."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function on offer. `parameters` is a JSON schema of an object; an empty one takes nothing.

    `field` is where the caller wrote them, for the error when they cannot be enforced.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    field: str = field(default="parameters", compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class FunctionCall:
    """A call that a model made. `arguments` is JSON text of an object; `id` is empty where the dialect has none."""

    name: str
    arguments: str
    id: str = ""
