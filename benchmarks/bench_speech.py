"""How quick is speech? One voice and a blend of four on one core, and the first byte of an MP3.

The reference is espeak-ng alone, speaking the same text in the same run: what any voice costs at least.
"""

import asyncio
import os
import time
from collections.abc import Callable, Generator
from contextlib import aclosing, contextmanager

from report import finish, median, percentile, table

from rhapsode.audio.encode import open_encoder
from rhapsode.core.caller import Caller
from rhapsode.core.speech import AudioSetting, SpeechAudio, SpeechEngine, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.engines.registry import open_speech
from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.service.speech import SpeechService
from rhapsode.voices.catalogue import load_voices

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
MOST_WORK, MOST_RATIO = 0.25, 1.5
CHARACTERS_A_SECOND = 4.3
"""of the reference speaker, marks included"""


def request(text: str, voices: tuple[str, ...]) -> SpeechRequest:
    """The text in an even blend."""
    return SpeechRequest(
        model="speech-01", script=(text,), voices=tuple(VoiceShare(voice_id=voice) for voice in voices)
    )


async def real_time_factor(service: SpeechService, voices: tuple[str, ...]) -> float:
    """Seconds of work a second of sound, as a caller gets it: resampled, levelled, MP3."""
    started, size = time.perf_counter(), 0
    asked = request(WITH_CLAUSES, voices)
    async with aclosing(service.speak(asked, Caller(group_id="", key_id=""))) as events:
        async for event in events:
            size += len(event.audio) if isinstance(event, SpeechAudio) else 0
    return (time.perf_counter() - started) / (size * 8 / asked.audio.bitrate)


@contextmanager
def on_one_core() -> Generator[None]:
    """This process, and the workers that it starts meanwhile, share a core, where the system can see to it."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


async def first_byte(engine: SpeechEngine, text: str) -> float:
    """Seconds until the encoder gives its first bytes."""
    started = time.perf_counter()
    encoder = open_encoder(AudioSetting(), 1.0)
    async with aclosing(engine.speak(request(text, ONE))) as blocks:
        async for block in blocks:
            if encoder.feed(block):
                break
    return time.perf_counter() - started


def espeak_alone() -> Callable[[], float]:
    """Measures the real-time factor of espeak-ng by itself, in this process."""
    library = EspeakLibrary()

    def measure() -> float:
        started = time.perf_counter()
        sound = library.speak(WITH_CLAUSES, "zh", lambda: False).sound
        return (time.perf_counter() - started) / (len(sound) / library.rate)

    return measure


async def factors() -> tuple[float, float, float]:
    """Median real-time factors: espeak-ng alone, one voice, four. They take turns: a busy moment meets them all."""
    alone: list[float] = []
    one: list[float] = []
    four: list[float] = []
    speak_alone = espeak_alone()
    engine = await open_speech("espeak", {"workers": 1}, voices=load_voices())
    service = SpeechService(engine=engine, open_encoder=open_encoder)
    await first_byte(engine, WITH_CLAUSES)
    for _ in range(RUNS):
        alone.append(speak_alone())
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
    with on_one_core():
        alone, one, four = await factors()
    table(
        f"seconds of work a second of speech, T2A whole on one core, p50 of {RUNS}; reference: espeak-ng alone",
        ("", "seconds", "ratio"),
        [
            ("espeak-ng alone", f"{alone:.4f}", "1"),
            ("one voice", f"{one:.4f}", f"{one / alone:.1f}"),
            ("blend of four", f"{four:.4f}", f"{four / alone:.1f}"),
        ],
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
            (f"a blend of four takes at most {MOST_RATIO} times one voice", four <= MOST_RATIO * one),
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
