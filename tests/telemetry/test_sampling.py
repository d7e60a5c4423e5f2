"""What is looked at now and then."""

import asyncio
from collections.abc import Mapping

from rhapsode.telemetry import metrics
from rhapsode.telemetry.readings import Name
from rhapsode.telemetry.sampling import Sampler
from tests.telemetry.recorded import sample


class Engine:
    def __init__(self) -> None:
        self.told: dict[Name, float] = {"waiting": 2, "running": 1, "places": 4, "worker_deaths": 0, "resting": 1}

    def readings(self) -> Mapping[Name, float]:
        return self.told


def test_an_engine_is_told_of_under_its_name() -> None:
    sampler, engine = Sampler(), Engine()
    sampler.watch_engine("speech", "sampled", engine)
    sampler.watch_engine("speech", "silent", object())
    sampler.look()
    labels = {"ability": "speech", "engine": "sampled"}
    names = ("engine_waiting", "engine_running", "engine_places", "upstream_resting")
    assert [sample(f"rhapsode_{name}", **labels) for name in names] == [2, 1, 4, 1]
    engine.told = {"waiting": 0, "worker_deaths": 2}
    sampler.look()
    engine.told = {"waiting": 0, "worker_deaths": 3}
    sampler.look()
    assert sample("rhapsode_engine_waiting", **labels) == 0
    assert sample("rhapsode_worker_deaths_total", **labels) == 3


def test_single_values_and_the_process_itself() -> None:
    sampler = Sampler()
    sampler.watch(metrics.LEDGER_WAITING, lambda: 7)
    sampler.look()
    assert sample("rhapsode_ledger_waiting") == 7
    assert sample("rhapsode_resident_memory_bytes") > 1_000_000


async def test_it_looks_at_once_and_hears_how_late_the_loop_is() -> None:
    looked = asyncio.Event()

    def look() -> float:
        looked.set()
        return 0

    sampler = Sampler()
    sampler.watch(metrics.LIMITER_FALLBACK, look)
    async with sampler.looking():
        await looked.wait()
        await asyncio.sleep(0)
        assert sample("rhapsode_open_files") > 2
