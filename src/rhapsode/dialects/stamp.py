"""What an answer carries beside its content."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """`trace_id` is 32 hexadecimal characters, `created` Unix seconds."""

    trace_id: str
    created: int
