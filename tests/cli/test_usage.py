"""`rhapsode usage` on a ledger in a home."""

import asyncio
import csv
import io
import json
import os
import re
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.accounts.ledger import DatabaseLedger
from rhapsode.core.usage import CallRecord, Outcome, Usage
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.settings.home import Home
from tests.cli.command import Terminal

PRICES = '[prices]\ncurrency = "EUR"\n'
DAY = 1_795_305_600
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def key(home: Path) -> NewKey:
    """The key of a group whose name a spreadsheet would run, with two calls in the ledger."""
    place = Home(home)
    place.prepare()
    place.settings_file.write_text(PRICES, encoding="utf-8")
    database = open_database(f"sqlite:///{home / 'rhapsode.db'}")
    migrate(database)
    key = Accounts(database, place.secret({})).create_key("=录音室")

    database.close()
    call = partial(
        CallRecord,
        group_id=key.group_id,
        key_id=key.key_id,
        operation="/v1/t2a_v2",
        model="speech-01",
        usage=Usage(characters=12, audio_ms=1500),
        cost=1_250_000,
    )
    write(
        home,
        call(call_id=f"{0:032x}", outcome=Outcome.OK, started_at=DAY),
        call(call_id=f"{1:032x}", outcome=Outcome.FAILED, started_at=DAY + 86_400),
    )
    return key


def write(home: Path, *records: CallRecord) -> None:
    """Put calls into the ledger."""

    async def record() -> None:
        with closing(open_database(f"sqlite:///{home / 'rhapsode.db'}")) as database:
            ledger = DatabaseLedger(database)
            for each in records:
                await ledger.record(each)
            await ledger.close()

    asyncio.run(record())


def usage(home: Path, *options: str, language: str = "en_US.UTF-8") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "LC_ALL": language, "LANG": language}
    command = [sys.executable, "-m", "rhapsode", "usage", "--home", str(home), *options]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)


def test_json_names_every_figure_and_money_is_exact(home: Path, key: NewKey) -> None:
    told = json.loads(usage(home, "--json", "--by", "day", "--by", "key").stdout)
    assert told["by"] == ["day", "key"]
    assert told["currency"] == "EUR"
    assert told["rows"][0] == {
        "day": "2026-11-22",
        "key": key.key_id,
        "key_name": "",
        "calls": 1,
        "failed": 0,
        "prompt_tokens": 0,
        "reply_tokens": 0,
        "cached_tokens": 0,
        "characters": 12,
        "audio_seconds": 1.5,
        "cost": 1.25,
    }
    assert [row["failed"] for row in told["rows"]] == [0, 1]


def test_csv_is_for_spreadsheets_and_runs_nothing_in_them(home: Path, key: NewKey) -> None:
    rows = list(csv.DictReader(io.StringIO(usage(home, "--csv", "--by", "group").stdout)))
    assert rows == [
        {
            "group": key.group_id,
            "group_name": "'=录音室",
            "calls": "2",
            "failed": "1",
            "prompt_tokens": "0",
            "reply_tokens": "0",
            "cached_tokens": "0",
            "characters": "24",
            "audio_seconds": "3.0",
            "cost_EUR": "2.5",
        }
    ]


def test_a_table_is_of_the_days_and_the_group_that_are_asked_for(home: Path, key: NewKey) -> None:
    assert key
    ended = usage(home, "--from", "2026-11-23", "--to", "2026-11-23", "--group", "=录音室")
    heading, row = ended.stdout.splitlines()
    assert heading == "day (UTC)\tcalls\tfailed\ttokens in\ttokens out\tcharacters\tseconds\tcost (EUR)"
    assert row == "2026-11-23\t1\t1\t0\t0\t12\t1.5\t1.25"
    nothing = usage(home, "--from", "2026-11-24", language="zh_CN.UTF-8")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "账本中没有这样的调用" in nothing.stderr


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--by", "week"], "by: must be among day, group, user, key, model"),
        (["--from", "yesterday"], "from: must be a day such as 2026-11-30"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "to: is before from"),
        (["--group", "studoi"], "group: there is no group of this name or id"),
        (["--key", "key-0"], "key_id: there is no such key"),
    ],
)
def test_what_makes_no_sense_is_told(home: Path, key: NewKey, options: list[str], fault: str) -> None:
    assert key
    ended = usage(home, *options)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert fault in ended.stderr


def down(lines: list[str], place: int) -> str:
    """What stands in a column, what went on in the next line put together."""
    return "".join(line.split("│")[1 + place].strip() for line in lines if line.startswith("│"))


def test_no_model_and_no_figure_is_cut_at_a_terminal_of_80_columns(home: Path, key: NewKey) -> None:
    models = ("speech-02-hd-preview", "speech-02-turbo-preview")
    used = Usage(prompt_tokens=123_456_789, reply_tokens=23_456_789, characters=3_456_789)
    for number, model in enumerate(models):
        write(
            home,
            CallRecord(
                call_id=f"{2 + number:032x}",
                group_id=key.group_id,
                key_id=key.key_id,
                operation="/v1/t2a_v2",
                model=model,
                usage=used,
                cost=1,
                outcome=Outcome.OK,
                started_at=DAY,
            ),
        )
    with Terminal("usage", "--by", "model", home=home, columns=80) as terminal:
        shown = STYLE.sub("", terminal.all_to_its_end())
    assert "…" not in shown
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    for model in models:
        assert any(line.split()[1:2] == [model] for line in lines)
    assert "123456789" in down(lines, 3)
    with Terminal("usage", "--by", "model", home=home, columns=30) as terminal:
        narrow = STYLE.sub("", terminal.all_to_its_end())
    assert models[0] in down(narrow.splitlines(), 0)
