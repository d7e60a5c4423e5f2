"""What the platform's status codes say of a call that we made. Codes: the contract's section 7.1."""

from typing import Final

import msgspec

from rhapsode.core.errors import EngineError, InvalidField, RhapsodeError
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp
from rhapsode.engines.upstream.faults import Busy, Unavailable
from rhapsode.engines.upstream.judge import USED_UP, WRONG_KEY, judge_status, refused
from rhapsode.engines.upstream.reason import reason_of
from rhapsode.engines.upstream.too_long import too_long_in

_PASSING: Final = frozenset({1000, 1001, 1013, 1024, 1033})
_REFUSED: Final = frozenset({1042, 2013, 2042, 2054, 20132})
_BUSY: Final = frozenset({1002, 1039, 1041, 2045})
_LASTING: Final = {
    **dict.fromkeys((1004, 2038, 2044, 2049), WRONG_KEY),
    **dict.fromkeys((1008, 1028, 1030, 2056), USED_UP),
}
_INPUT_SENSITIVE: Final = 1026
_OUTPUT_SENSITIVE: Final = 1027


class _Envelope(msgspec.Struct, frozen=True):
    base_resp: BaseResp | None = None


_DECODER: Final = msgspec.json.Decoder(_Envelope)


def judge_answer(status: int, body: bytes, retry_after: float | None) -> RhapsodeError:
    """The error that an answer with a status other than 200 stands for: its `base_resp` says more, if there is one."""
    try:
        told = _DECODER.decode(body).base_resp if body else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = None
    if told is None or told.status_code == SUCCESS:
        return judge_status(status, retry_after)
    return judge_code(told.status_code, told.status_msg, retry_after)


def judge_code(code: int, sentence: str, retry_after: float | None = None) -> RhapsodeError:
    """The error that a code other than 0 stands for. The sentence is told as far as it may be."""
    if code in _REFUSED:
        return too_long_in(sentence) or refused(str(code), reason_of(sentence))
    if code in _BUSY:
        return Busy(f"the upstream engine takes no more calls for now ({code})", retry_after=retry_after)
    if code == _INPUT_SENSITIVE:
        return InvalidField("messages", "the upstream engine's content check refuses the conversation")
    if code == _OUTPUT_SENSITIVE:
        return EngineError("the upstream engine's content check refuses its own reply")
    what = _LASTING.get(code, "the upstream engine failed")
    return Unavailable(f"{what} ({code})", passing=code in _PASSING, retry_after=retry_after)
