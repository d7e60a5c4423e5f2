"""How much work is speech? One voice and a blend of four on one core, where it goes, and the first byte of an MP3.

Work is time on a processor, the workers' and ours, which other load on the machine hardly changes; waits are not. The
reference is espeak-ng piped into LAME, by their commands where there are any and by their libraries otherwise, speaking
the same text in the same run: what any voice costs at least.
"""

import asyncio
import resource
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing
from itertools import pairwise
from shutil import which
from typing import TypeVar

import psutil
from report import finish, median, percentile, table

from rhapsode.audio.encode import open_encoder
from rhapsode.core.caller import Caller
from rhapsode.core.speech import AudioSetting, Pcm, SpeechAudio, SpeechEngine, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.engines.registry import open_speech
from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.frames import FRAMES_A_SECOND, Sound
from rhapsode.engines.speech.piece_job import RATE, PieceJob
from rhapsode.engines.speech.speaker import as_read
from rhapsode.engines.speech.timbre import Blend
from rhapsode.engines.speech.vocoder import Vocoder
from rhapsode.engines.speech.world import analyse, fft_size
from rhapsode.service.speech import SpeechService
from rhapsode.voices.catalogue import load_voices

T = TypeVar("T")

# 60 characters each, marks included
WITH_CLAUSES = (
    "今天早上天气很好，我们一家人决定去城外的公园散步，路边的花都开了，"
    "孩子们跑来跑去，老人们坐在树下慢慢地聊着天，非常热闹。"
)
WITHOUT = (
    "我们一家人今天早上一起去城外新开的那个公园里散步聊天看花顺便"
    "在湖边的小店里买了几杯热咖啡和一些刚烤好的点心带回家慢慢吃。"
)
ONE = ("female-shaonv",)
FOUR = ("male-qn-qingse", "female-shaonv", "female-yujie", "audiobook_male_2")
RUNS, FIRST_BYTE_RUNS = 7, 50
MOST_WORK, MOST_WORK_OF_FOUR = 0.20, 0.30
CHARACTERS_A_SECOND = 4.3
"""of the reference speaker, marks included"""


def request(text: str, voices: tuple[str, ...]) -> SpeechRequest:
    """The text in an even blend."""
    return SpeechRequest(
        model="speech-01", script=(text,), voices=tuple(VoiceShare(voice_id=voice) for voice in voices)
    )


async def real_time_factor(service: SpeechService, voices: tuple[str, ...]) -> float:
    """Seconds of work a second of sound, as a caller gets it: resampled, levelled, MP3."""
    asked, before, size = request(WITH_CLAUSES, voices), worked(), 0
    async with aclosing(service.speak(asked, Caller(group_id="", key_id=""))) as events:
        async for event in events:
            size += len(event.audio) if isinstance(event, SpeechAudio) else 0
    return (worked() - before) / (size * 8 / asked.audio.bitrate)


def worked() -> float:
    """Seconds that this process and its workers have spent on a processor."""
    own = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (own, *own.children()))


async def first_byte(engine: SpeechEngine, text: str) -> float:
    """Seconds until the encoder gives its first bytes."""
    started = time.perf_counter()
    encoder = open_encoder(AudioSetting(), 1.0)
    async with aclosing(engine.speak(request(text, ONE))) as blocks:
        async for block in blocks:
            if encoder.feed(block):
                break
    return time.perf_counter() - started


def espeak_into_lame(library: EspeakLibrary) -> tuple[str, Callable[[], float]]:
    """What the reference is, and a measure of its real-time factor."""
    espeak, lame = which("espeak-ng"), which("lame")
    seconds = len(library.speak(WITH_CLAUSES, "zh", lambda: False).sound) / library.rate
    if espeak and lame:
        command = f"{espeak} -v cmn --stdout '{WITH_CLAUSES}' | {lame} --quiet -b 128 - -"

        def run() -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)  # noqa: S602 - our own words
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / seconds

        return "espeak-ng | lame", run

    def call() -> float:
        before = time.process_time()
        sound = library.speak(WITH_CLAUSES, "zh", lambda: False).sound
        encode([sound.astype("<f4")], library.rate)
        return (time.process_time() - before) / seconds

    return "espeak-ng and LAME, as libraries", call


def encode(blocks: Iterable[Sound], rate: int) -> None:
    """Into an MP3 as a caller gets it."""
    encoder = open_encoder(AudioSetting(), 1.0)
    for block in blocks:
        encoder.feed(Pcm(rate=rate, samples=block.tobytes()))
    encoder.finish()


def stages(library: EspeakLibrary) -> dict[str, float]:
    """Seconds of work a second of sound of each thing that a worker does in turn, and of packing."""
    voice = next(voice for voice in load_voices() if voice.id == ONE[0])
    job = PieceJob(text=WITH_CLAUSES, language="zh", shares=((voice.timbre, 1.0),), tempo=1.0)
    size = fft_size(RATE)
    blend = Blend(job.shares, job.manner, bands=size // 2 + 1, rate=RATE)
    vocoder = Vocoder(rate=RATE, size=size, frames_a_second=FRAMES_A_SECOND)
    times = [time.process_time()]

    def done(result: T) -> T:
        times.append(time.process_time())
        return result

    text = done(as_read(job).text)
    sound = done(library.speak(text, "zh", lambda: False).sound)
    frames = done(list(analyse(sound, RATE, frames_a_block=72)))
    shaped = done([blend.shape(block) for block in frames])
    spoken = done([*map(vocoder.push, shaped), vocoder.finish()])
    done(encode([block.astype("<f4") for block in spoken], RATE))
    names = ("text to what is read", "espeak-ng", "WORLD takes it apart", "blend", "vocoder", "level, rate and MP3")
    seconds = len(sound) / RATE
    return {name: (after - before) / seconds for name, (before, after) in zip(names, pairwise(times), strict=True)}


async def factors(reference: Callable[[], float]) -> tuple[float, float, float]:
    """Median real-time factors: the reference, one voice, four. They take turns: a busy moment meets them all."""
    alone: list[float] = []
    one: list[float] = []
    four: list[float] = []
    engine = await open_speech("espeak", {"workers": 1}, voices=load_voices())
    service = SpeechService(engine=engine, open_encoder=open_encoder)
    await first_byte(engine, WITH_CLAUSES)
    for _ in range(RUNS):
        alone.append(reference())
        one.append(await real_time_factor(service, ONE))
        four.append(await real_time_factor(service, FOUR))
    await engine.close()
    return median(alone), median(one), median(four)


async def first_bytes(text: str) -> list[float]:
    """Waits for the first byte, with as many workers as the machine has cores."""
    engine = await open_speech("espeak", {}, voices=load_voices())
    await first_byte(engine, text)
    waits = [await first_byte(engine, text) for _ in range(FIRST_BYTE_RUNS)]
    await engine.close()
    return waits


async def main() -> None:
    """Measure and print."""
    library = EspeakLibrary()
    name, reference = espeak_into_lame(library)
    alone, one, four = await factors(reference)
    table(
        f"seconds of work a second of speech, T2A whole, p50 of {RUNS}; reference: {name}",
        ("", "seconds", "ratio"),
        [
            (name, f"{alone:.4f}", "1"),
            ("one voice", f"{one:.4f}", f"{one / alone:.1f}"),
            ("blend of four", f"{four:.4f}", f"{four / alone:.1f}"),
        ],
    )
    runs = [stages(library) for _ in range(RUNS + 1)][1:]
    parts = {part: median([run[part] for run in runs]) for part in runs[0]}
    table(
        f"where the work of one voice goes, p50 of {RUNS}; reference: all of it, without the pipes between processes",
        ("", "seconds", "share"),
        [(part, f"{seconds:.4f}", f"{seconds / sum(parts.values()):.2f}") for part, seconds in parts.items()],
    )
    rows: list[tuple[str, ...]] = []
    for name, text in (("first clause of 9 characters", WITH_CLAUSES), ("one clause", WITHOUT)):
        waits = await first_bytes(text)
        halves = [percentile(waits, share) for share in (0.5, 0.95)]
        whole = one * len(text) / CHARACTERS_A_SECOND
        rows.append((name, *(f"{wait * 1000:.1f} ms" for wait in halves), f"{halves[0] / whole:.3f}"))
    table(
        f"wait for the first MP3 byte of {len(WITH_CLAUSES)} characters, {FIRST_BYTE_RUNS} runs; "
        "reference: making the whole sentence",
        ("", "p50", "p95", "ratio of p50"),
        rows,
    )
    finish(
        (
            (f"one voice takes at most {MOST_WORK} s a second of speech", one <= MOST_WORK),
            (f"a blend of four takes at most {MOST_WORK_OF_FOUR} s a second of speech", four <= MOST_WORK_OF_FOUR),
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
