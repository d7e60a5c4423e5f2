"""Whether a ledger adds up: each call once, in its rows, in what was spent, and in what is left."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text

from rhapsode.database.open import open_database

BALANCE: Final = 1_000_000
MILLIONTHS: Final = 1_000_000

PRICES: Final = """
[prices.models."*"]
prompt = 0.013
reply = 0.029
characters = 0.35
"""


def rhapsode(*arguments: str) -> str:
    """What a command prints."""
    done = subprocess.run([sys.executable, "-m", "rhapsode", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def fill_balance(home: Path) -> None:
    """Give the group so much that it does not come to an end."""
    rhapsode("groups", "balance", "default", "--set", str(BALANCE), "--home", str(home))


def check_books(url: str, complete: Sequence[str]) -> int:
    """Fail unless every reply that was seen complete has one row that says so, and the sums agree. How many rows."""
    database = open_database(url)
    try:
        with_id = "SELECT id, outcome, cost FROM calls"
        rows = database.transact(lambda connection: connection.execute(text(with_id)).all(), write=False)
        spent = "SELECT scope, sum(cost) FROM spending WHERE model = '' GROUP BY scope"
        sums = database.transact(lambda connection: connection.execute(text(spent)).all(), write=False)
        left = "SELECT balance FROM groups WHERE balance IS NOT NULL"
        balance = database.transact(lambda connection: connection.execute(text(left)).scalar_one(), write=False)
    finally:
        database.close()
    assert len(set(complete)) == len(complete)
    outcomes = {row.id: row.outcome for row in rows}
    assert len(outcomes) == len(rows)
    missing = [trace_id for trace_id in complete if outcomes.get(trace_id) != "ok"]
    assert not missing, [(trace_id, outcomes.get(trace_id)) for trace_id in missing]
    cost = sum(row.cost for row in rows)
    assert cost > 0
    assert {scope: int(total) for scope, total in sums} == {"group": cost, "key": cost}
    assert BALANCE * MILLIONTHS - balance == cost
    return len(rows)
