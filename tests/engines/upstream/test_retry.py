"""What is tried again, and when."""

import pytest

from rhapsode.core.errors import EngineError, Overloaded, ServiceError
from rhapsode.engines.upstream.faults import BlankReply, Busy, Unavailable
from rhapsode.engines.upstream.retry import LONGEST_ASKED, Retries

TWICE = Retries(most=2)


@pytest.mark.parametrize("error", [Busy("busy"), Unavailable("down", passing=True)])
def test_what_passes_is_tried_again_after_a_growing_pause(error: ServiceError) -> None:
    first = [TWICE.pause(error, 1) for _ in range(200)]
    second = [TWICE.pause(error, 2) for _ in range(200)]
    assert all(pause is not None and 0.125 <= pause <= 0.25 for pause in first)
    assert all(pause is not None and 0.25 <= pause <= 0.5 for pause in second)
    assert len(set(first)) > 1
    assert TWICE.pause(error, 3) is None


@pytest.mark.parametrize("error", [Unavailable("wrong key"), EngineError("?"), Overloaded("our own queue")])
def test_what_lasts_is_not(error: ServiceError) -> None:
    assert TWICE.pause(error, 1) is None


def test_a_blank_reply_gets_one_more_chance_at_once() -> None:
    assert TWICE.pause(BlankReply("blank"), 1) == 0
    assert TWICE.pause(BlankReply("blank"), 2) is None


def test_a_server_that_asks_for_time_gets_it_within_reason() -> None:
    assert TWICE.pause(Busy("busy", retry_after=3), 1) == 3
    assert TWICE.pause(Busy("busy", retry_after=LONGEST_ASKED + 1), 1) is None


@pytest.mark.parametrize("error", [Busy("busy"), BlankReply("blank"), Unavailable("down", passing=True)])
def test_none_means_none(error: ServiceError) -> None:
    assert Retries(most=0).pause(error, 1) is None
