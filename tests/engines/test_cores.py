"""How many cores a model may use."""

import os
from pathlib import Path

import pytest

from rhapsode.engines.cores import usable_cores


@pytest.fixture
def cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four logical processors on two cores."""

    def allowed(_pid: int) -> set[int]:
        return {0, 1, 2, 3}

    monkeypatch.setattr(os, "sched_getaffinity", allowed, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    for cpu in range(4):
        topology = tmp_path / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{cpu % 2},{cpu % 2 + 2}\n")
    return tmp_path


def test_hyperthreads_do_not_count(cpus: Path) -> None:
    assert usable_cores(cpus=cpus, quota=cpus / "none") == 2


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 2), ("150000 100000", 1), ("50000 100000", 1), ("", 2)])
def test_a_containers_share_counts(cpus: Path, quota: str, cores: int) -> None:
    (cpus / "cpu.max").write_text(quota)
    assert usable_cores(cpus=cpus, quota=cpus / "cpu.max") == cores


def test_without_a_topology_every_processor_is_a_core(cpus: Path) -> None:
    assert usable_cores(cpus=cpus / "none", quota=cpus / "none") == 4
