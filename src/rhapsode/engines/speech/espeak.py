"""The embedded speech engine: espeak-ng and WORLD, in worker processes of their own.

espeak-ng is GPL-3.0 and one global state, so neither it nor WORLD is imported here: a request is planned in the
server, and its pieces are spoken by whichever worker is free.
"""

from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from importlib.util import find_spec
from itertools import tee
from typing import Annotated

import msgspec
from msgspec.structs import replace

from rhapsode.core.errors import EngineMissing, Overloaded
from rhapsode.core.speech import Mark, Pcm, SpeechEngine, SpeechRequest
from rhapsode.core.voice import Voice
from rhapsode.engines.cores import usable_cores
from rhapsode.engines.fair_queue import Lane
from rhapsode.engines.options import read_options
from rhapsode.engines.speech.manner import read_manner
from rhapsode.engines.speech.piece_job import RATE, PieceBlock, PieceJob, decode_block, encode_job
from rhapsode.engines.speech.script import Rest, Say, read_language, read_shares, read_steps, read_tempo
from rhapsode.engines.speech.sound import silence
from rhapsode.engines.workers import Result, WorkerPool
from rhapsode.telemetry.readings import Name

_WORKER = "rhapsode.engines.speech.worker"
_PACKAGES = ("espeakng_loader", "pyworld", "numpy", "opencc", "pypinyin")
_AT_ONCE = 2
"""pieces of one request in work: the one that is heard, and the next. It also bounds what a slow listener leaves
waiting here, to some 20 s of sound."""
_MOST_BY_DEFAULT = 4


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`workers` is the number of processes: by default one a core, four at most.

    `queue`: how many calls may wait for a worker.
    """

    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] | None = None
    queue: Annotated[int, msgspec.Meta(ge=0)] = 256


async def open_engine(options: Mapping[str, object], *, voices: Sequence[Voice]) -> SpeechEngine:
    """The engine. Its workers start meanwhile, in some 0.5 s; what is asked for until then waits.

    Raises `SettingsError` for a wrong option, `EngineMissing` when the extra is not installed.
    """
    setting = read_options(options, Options, kind="espeak")
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise EngineMissing(f"the espeak engine needs the package {missing[0]}: pip install 'rhapsode[espeak]'")
    size = setting.workers or min(usable_cores(), _MOST_BY_DEFAULT)
    return EspeakEngine(WorkerPool(_WORKER, size=size), voices, queue=setting.queue)


class EspeakEngine:
    """Speaks in any blend of `voices`; closes `pool`."""

    def __init__(self, pool: WorkerPool, voices: Sequence[Voice], *, queue: int) -> None:
        self._pool = pool
        self._queue = queue
        self._line: list[Result] = []
        """the first piece of every call that may still wait for a worker"""
        self._voices = {voice.id: voice for voice in voices}

    def voices(self) -> Sequence[Voice]:
        """Every voice of the catalogue."""
        return tuple(self._voices.values())

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """The sound in order. The first block leaves as soon as it is made.

        Raises `Overloaded`, before anything else comes, when too many calls wait already.
        """
        shares, manner = read_shares(request, self._voices), read_manner(request)
        tempo = read_tempo(request, shares, manner)
        steps, planned = tee(read_steps(request, tempo, read_language(request, self._voices)))
        whole = PieceJob(
            text="",
            language="",
            shares=shares,
            tempo=tempo,
            manner=manner,
            readings=request.readings,
            english_figures=request.english_figures,
            latex=request.latex,
        )
        jobs = (
            encode_job(replace(whole, text=_sendable(step.text), language=step.language))
            for step in planned
            if isinstance(step, Say)
        )
        lane = Lane()
        ahead: deque[Result] = deque()
        try:
            if first := next(jobs, None):
                # Who was let in to speak is not sent away in the middle of it.
                goes_on = request.follows is not None
                ahead.append(self._pool.submit(first, lane) if goes_on else self._enter(first, lane))
            for step in steps:
                if isinstance(step, Rest):
                    for block in silence(step.seconds, RATE):
                        yield block
                    continue
                while len(ahead) < _AT_ONCE and (job := next(jobs, None)) is not None:
                    ahead.append(self._pool.submit(job, lane))
                async for block in ahead[0]:
                    yield _placed(decode_block(block), step.begin)
                ahead.popleft()
        finally:
            for result in ahead:
                result.cancel()

    def _enter(self, job: bytes, lane: Lane) -> Result:
        """A call's first piece, put in line. First pieces pass all others, so the free workers are theirs."""
        self._line = [first for first in self._line if first.waits]
        if len(self._line) >= self._queue + self._pool.free:
            raise Overloaded(f"{self._queue} calls are waiting for a worker already; try again later")
        result = self._pool.submit(job, lane)
        self._line.append(result)
        return result

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches: of pieces, and of workers."""
        return self._pool.readings()

    async def close(self) -> None:
        """End the workers."""
        await self._pool.close()


def _placed(block: PieceBlock, begin: int) -> Pcm:
    """A block of the piece that begins at this character of the text."""
    marks = tuple(Mark(at=at, begin=begin + first, end=begin + last) for at, first, last in block.marks)
    return Pcm(rate=RATE, samples=block.samples, marks=marks)


def _sendable(text: str) -> str:
    """The text, character for character, with a question mark for what UTF-8 has no bytes for."""
    return text.encode("utf-8", "replace").decode()
