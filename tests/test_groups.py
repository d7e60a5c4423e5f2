"""Tests that share what is dear are run by one worker."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(8))
@pytest.mark.xdist_group("dear")
def test_it(number):
    pass
"""


def test_a_group_has_one_worker(tmp_path: Path) -> None:
    for name in ("test_one.py", "test_other.py"):
        (tmp_path / name).write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.groups", "-n", "2", "--dist", "loadgroup", "-v"]
    run = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    workers = re.findall(r"\[(gw\d)\] .* PASSED .*@dear", run.stdout)
    assert len(workers) == 16, run.stdout + run.stderr
    assert len(set(workers)) == 1
