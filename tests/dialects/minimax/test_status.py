import pytest

from rhapsode.core import errors
from rhapsode.dialects.minimax.status import http_status_of, status_of, status_of_v2

MISSING = "login fail: Please carry the API secret key in the 'Authorization' field of the request header"


@pytest.mark.parametrize(
    ("error", "code", "message", "http"),
    [
        (errors.MissingKey(), 1004, MISSING, 200),
        (errors.WrongGroup(), 1004, "token not match group", 200),
        (errors.UnknownKey(), 2049, "invalid api key", 200),
        (errors.MalformedBody("the body is not JSON"), 2013, "invalid params, the body is not JSON", 200),
        (errors.UnknownModel("x"), 2013, "invalid params, model: unknown model 'x'", 200),
        (errors.UnknownVoice("voice_id", "x"), 2013, "invalid params, voice_id: voice id 'x' does not exist", 200),
        (
            errors.InvisibleText(0.25, most=0.1),
            1042,
            "invisible character ratio limit, text: 25% of its characters are invisible or illegal, and at most 10% may be",
            200,
        ),
        (errors.BodyTooLarge(9), 2013, "invalid params, the body is larger than 9 bytes", 413),
        (errors.Draining("bye"), 1001, "request timeout, bye", 503),
        (errors.Overloaded("full"), 1002, "rate limit, full", 200),
        (errors.EngineError("broken"), 1013, "internal service error, broken", 200),
        (errors.StorageError("locked"), 1013, "internal service error, locked", 200),
        (errors.RhapsodeError("?"), 1000, "unknown error", 200),
    ],
)
def test_each_error_has_its_code(error: errors.RhapsodeError, code: int, message: str, http: int) -> None:
    status = status_of(error)
    assert (status.status_code, status.status_msg, http_status_of(error)) == (code, message, http)


def test_a_voice_that_there_is_not_has_its_own_code_in_the_v2_generation() -> None:
    status = status_of_v2(errors.UnknownVoice("voice_id", "x"))
    assert (status.status_code, status.status_msg) == (
        2054,
        "voice id not exist, voice_id: voice id 'x' does not exist",
    )
    assert status_of_v2(errors.UnknownModel("x")) == status_of(errors.UnknownModel("x"))


def test_every_error_of_the_tree_is_told() -> None:
    def leaves(kind: type[errors.RhapsodeError]) -> list[type[errors.RhapsodeError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]

    told = {status_of(kind.__new__(kind)).status_code for kind in leaves(errors.RhapsodeError)}
    assert told >= {1000, 1001, 1002, 1004, 1013, 2013, 2049}
