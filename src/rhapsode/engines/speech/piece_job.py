"""What the server asks a speech worker for, one piece of text in one blend of voices, and what comes back."""

import msgspec

from rhapsode.core.speech import Reading
from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.manner import Manner

RATE = 22050
"""samples a second of every sound that a worker makes: espeak-ng's own"""


class PieceJob(msgspec.Struct, frozen=True, kw_only=True):
    """The answer is sound without silence at its ends, as `PieceBlock`s."""

    text: str
    """as the caller wrote it"""
    language: str
    """in which it is spoken, in BCP 47"""
    shares: tuple[tuple[Timbre, float], ...]
    tempo: float
    """times the reference speaker's, the manner's pace included"""
    manner: Manner = Manner()
    readings: tuple[Reading, ...] = ()
    english_figures: bool = False
    latex: bool = False


class PieceBlock(msgspec.Struct, frozen=True, array_like=True):
    """Little-endian float32 samples, at most 0.4 s.

    marks: from which sample of the block on it speaks which characters of the piece, `[begin, end)`.
    """

    samples: bytes
    marks: tuple[tuple[int, int, int], ...] = ()


encode_job = msgspec.msgpack.Encoder().encode
decode_job = msgspec.msgpack.Decoder(PieceJob).decode
encode_block = msgspec.msgpack.Encoder().encode
decode_block = msgspec.msgpack.Decoder(PieceBlock).decode
