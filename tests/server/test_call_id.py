"""The ids of calls."""

import re
import time

from rhapsode.core.call_id import new_call_id


def test_ids_are_thirty_two_hex_digits_and_begin_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_call_id() for _ in range(1000)]
    after = time.time_ns() // 1_000_000

    assert len(set(ids)) == 1000
    for call_id in ids:
        assert re.fullmatch("[0-9a-f]{32}", call_id)
        assert before <= int(call_id[:12], 16) <= after
