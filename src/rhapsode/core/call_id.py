"""The id of a call: in its answer, its log line, its trace, and its row in the ledger."""

import os
import time

_RANDOM_BYTES = 10


def new_call_id() -> str:
    """32 hex digits that no other call has: 12 of the milliseconds since 1970, and 20 at random.

    Ids that come one after the other stand beside each other in the ledger's index, so that rows which are written
    together share its pages: 16 take SQLite a quarter of the time that they take with ids at random. The digits at the
    end are random, as W3C's Trace Context has it for the seven bytes that samplers look at.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(_RANDOM_BYTES).hex()}"
