"""What is told of a call's end beside its record: what the caller saw of it, which the ledger does not keep."""

import msgspec


class Ending(msgspec.Struct, kw_only=True):
    """`http_status` is what the caller got.

    `first_ms`, to the first byte of the answer, and `took_ms`, to its last, are counted from the record's
    `started_at`, in milliseconds: a record's own end when it is written, before all is sent. `address` is the
    caller's, empty where there is no saying.
    """

    method: str
    http_status: int
    first_ms: float | None = None
    took_ms: float
    address: str = ""
