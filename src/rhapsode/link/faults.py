"""An error of our tree on its way to another process, where it arrives as itself."""

from typing import Final

import msgspec

from rhapsode.core import errors
from rhapsode.core.errors import EngineError, RhapsodeError

_Plain = str | int | float | bool | None


class _Fault(msgspec.Struct, array_like=True):
    """The name of the error's class, its message, and its attributes."""

    name: str
    message: str
    attributes: dict[str, _Plain]


_decoder = msgspec.msgpack.Decoder(_Fault)
_KINDS: Final = {
    kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RhapsodeError)
}


def write_fault(error: RhapsodeError) -> bytes:
    """The error as bytes."""
    kind = next(base.__name__ for base in type(error).__mro__ if base.__name__ in _KINDS)
    fault = _Fault(kind, _sendable(error.message), {name: _plain(value) for name, value in vars(error).items()})
    return msgspec.msgpack.encode(fault)


def read_fault(body: bytes) -> RhapsodeError:
    """The error that was written. One of a class that is not known here is an `EngineError`."""
    fault = _decoder.decode(body)
    kind = _KINDS.get(fault.name, EngineError)
    error = kind.__new__(kind, fault.message)  # its `__init__` makes the message, which is there already
    vars(error).update(fault.attributes)
    return error


def _plain(value: object) -> _Plain:
    return _sendable(value) if isinstance(value, str) else value if isinstance(value, int | float) else None


def _sendable(text: str) -> str:
    """The text with a question mark for what UTF-8 has no bytes for."""
    return text.encode("utf-8", "replace").decode()
