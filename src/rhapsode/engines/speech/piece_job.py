"""What the server asks a speech worker for: one piece of text in one blend of voices."""

import msgspec

from rhapsode.core.voice import Timbre

RATE = 22050
"""samples a second of every sound that a worker makes: espeak-ng's own"""


class PieceJob(msgspec.Struct, frozen=True, kw_only=True):
    """The answer is sound without silence at its ends: blocks of little-endian float32 samples."""

    text: str
    shares: tuple[tuple[Timbre, float], ...]
    tempo: float
    """times the reference speaker's"""
    semitones: int


encode_job = msgspec.msgpack.Encoder().encode
decode_job = msgspec.msgpack.Decoder(PieceJob).decode
