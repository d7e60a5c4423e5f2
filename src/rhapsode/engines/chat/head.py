"""What a GGUF file says of itself to people: its kind, its precision, what it was trained for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rhapsode.engines.chat.gguf import read_metadata

# `llama_ftype` of llama.cpp's include/llama.h, without the prefixes and without what is no longer in use.
QUANTISATIONS: Final[Mapping[int, str]] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
}


@dataclass(frozen=True, kw_only=True)
class Head:
    """Each is None where the file does not say. `context` in tokens, `width` of the vectors inside."""

    name: str | None
    architecture: str | None
    licence: str | None
    quantisation: str | None
    context: int | None
    width: int | None
    has_template: bool
    is_for_vectors: bool


def read_head(path: Path) -> Head:
    """Reads the head of the file alone. Raises `SettingsError` when it is no GGUF."""
    found = read_metadata(path)
    architecture = _text(found.get("general.architecture"))
    kind = _number(found.get("general.file_type"))
    return Head(
        name=_text(found.get("general.name")),
        architecture=architecture,
        licence=_text(found.get("general.license")),
        quantisation=None if kind is None else QUANTISATIONS.get(kind, f"type {kind}"),
        context=_number(found.get(f"{architecture}.context_length")),
        width=_number(found.get(f"{architecture}.embedding_length")),
        has_template="tokenizer.chat_template" in found,
        is_for_vectors=f"{architecture}.pooling_type" in found,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
