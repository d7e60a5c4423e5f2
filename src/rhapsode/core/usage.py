"""What a call has used, and the one row that is kept of it."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The work of one call. `cached_tokens` are those of the prompt that were not evaluated again.

    `characters` are billed ones, as `usage_characters` on the wire. `audio_ms` is what the sound came to.
    """

    prompt_tokens: int = 0
    reply_tokens: int = 0
    cached_tokens: int = 0
    characters: int = 0
    audio_ms: int = 0


MOST_COUNTED: Final = 2**31
"""What no call comes near. At any price that people ask, the sums of many such calls fit where money is kept, 2**63."""


def counted(figure: int | None, *, most: int = MOST_COUNTED) -> int:
    """A count that another server told of: one that cannot be is taken for the nearest that can, from 0 to `most`.

    Such a server would otherwise credit money, or fail a call that is done.
    """
    return max(0, min(figure or 0, most))


class Outcome(Enum):
    """How a call ended."""

    OK = "ok"
    FAILED = "failed"
    LEFT = "left"
    """the caller hung up"""


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One call, without a word of what was said.

    `call_id` is the trace id; the later texts of one WebSocket have a number behind it. `operation` is the route's
    path. `model` and `voice` are empty where the call came to none; `voice` is one id, or ids joined by "+".
    `counted_as` is what rules and prices know the model by, where the caller wrote it otherwise: in other letters, or
    as a fine-tuned one; it is not kept. Nor is it whether the answer is `streamed`, nor `spoken_by`, the model that
    spoke where another one wrote, and its part of the cost.
    `status` is the platform's code, 0 for success. `cost` is in millionths of the currency of the prices.
    `started_at` is in seconds since 1970, UTC; `first_ms`, to the first byte of the answer, and `took_ms` are counted
    from there, in milliseconds.
    """

    call_id: str
    group_id: str
    key_id: str
    user_id: str | None = None
    operation: str
    model: str = ""
    counted_as: str = ""
    streamed: bool = False
    voice: str = ""
    usage: Usage = Usage()
    cost: int = 0
    spoken_by: str = ""
    spoken_cost: int = 0
    outcome: Outcome = Outcome.OK
    status: int = 0
    started_at: float
    first_ms: float | None = None
    took_ms: float = 0.0


class Ledger(Protocol):
    """Where calls are written down."""

    async def record(self, record: CallRecord, /) -> None:
        """Returns once the row is committed, so that what a caller saw complete is in the ledger.

        Recording one `call_id` again changes nothing. Raises `StorageError`.
        """
        ...
