"""How the tests ask for vectors."""

import math
from collections.abc import Sequence

from rhapsode.core.embedding import EmbedRequest, Purpose


def texts(*said: str, purpose: Purpose | None = None, field: str = "texts[{}]") -> EmbedRequest:
    return EmbedRequest(model="embo-01", texts=said, purpose=purpose, field=field)


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle between two vectors of length 1."""
    return math.fsum(a * b for a, b in zip(one, other, strict=True))
