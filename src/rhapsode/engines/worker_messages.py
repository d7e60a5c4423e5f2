"""What passes between the server and a worker process: length-prefixed msgpack over pipes.

To the worker go `Job` and `Cancel`; from it come `Ready` once, and for each job `Block`s and one `Done` or `Failed`.
"""

import struct
from typing import Final

import msgspec

PREFIX: Final = struct.Struct("<I")
LARGEST: Final = 64 * 2**20
"""bytes: a longer message is no message of ours"""


class Job(msgspec.Struct, frozen=True, tag="job"):
    """Work. Numbers rise, so that a cancellation cannot meet a later job."""

    number: int
    body: bytes


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop the job of this number before its next block; it answers `Done` all the same."""

    number: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The worker has warmed up."""


class Block(msgspec.Struct, frozen=True, tag="block"):
    """A part of a job's result."""

    body: bytes


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The job's last block has gone out, or the job was cancelled."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The job failed; the worker lives. What happened stands in its standard error."""

    fault: str


ToWorker = Job | Cancel
FromWorker = Ready | Block | Done | Failed

_encoder = msgspec.msgpack.Encoder()
_to_worker = msgspec.msgpack.Decoder(ToWorker)
_from_worker = msgspec.msgpack.Decoder(FromWorker)


def pack(message: ToWorker | FromWorker) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(message)
    return PREFIX.pack(len(body)) + body


def read_to_worker(body: bytes) -> ToWorker:
    """The message of a body without its prefix."""
    return _to_worker.decode(body)


def read_from_worker(body: bytes) -> FromWorker:
    """The message of a body without its prefix."""
    return _from_worker.decode(body)
