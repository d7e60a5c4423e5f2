"""A recorded voice to a timbre, in a process of its own: it takes seconds of work, and espeak-ng to compare with."""

import msgspec

from rhapsode.core.errors import EngineError, InvalidField
from rhapsode.core.voice import Timbre
from rhapsode.engines.fair_queue import Lane
from rhapsode.engines.speech.piece_job import RATE
from rhapsode.engines.workers import WorkerPool

_WORKER = "rhapsode.engines.speech.measure_worker"
_PATIENCE = 120.0
"""seconds: some 8 s of work on a machine that has other things to do"""

SAMPLE_RATE = RATE
"""samples a second of what is measured"""


async def measure_voice(samples: bytes, *, language: str, field: str) -> Timbre:
    """The timbre nearest to the voice in `samples`, mono little-endian float32 at `SAMPLE_RATE`.

    `language` is what is spoken, in BCP 47. Raises `InvalidField` of `field` where there is no voice to be heard,
    `EngineError`.
    """
    passage = "zh" if language.partition("-")[0] in {"zh", "yue", "vi", "th"} else "en"
    pool = WorkerPool(_WORKER, size=1, patience=_PATIENCE)
    try:
        result = pool.submit(passage.encode() + b"\n" + samples, Lane())
        answer = b"".join([block async for block in result])
    finally:
        await pool.close()
    if not answer:
        raise EngineError("the measuring of a voice ended without a word")
    found = msgspec.json.decode(answer, type=Timbre | str)
    if isinstance(found, str):
        raise InvalidField(field, found)
    return found
