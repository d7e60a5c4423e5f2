"""A reply that is spoken is held to the limits of the model that speaks it, too."""

import json
from pathlib import Path

import httpx2

from tests.live.faults.books import rhapsode
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_v2 import PATH, spoken
from tests.live.test_ledger import PRICES

SPEAKS = "speech-01-turbo"
VOICE = {"model": SPEAKS, "voice_id": "female-tianmei"}


def allow(server: LiveServer, *limits: str) -> None:
    rhapsode("limits", "set", "--group", server.group_id, *limits, "--home", str(server.home))


def ask(client: httpx2.Client) -> str:
    return client.post(PATH, json=spoken(voice_setting=VOICE)).text


def until_refused(client: httpx2.Client) -> tuple[int, str]:
    """How many are let in, and what the next is told."""
    let_in = 0
    while "audio_content" in (answer := ask(client)):
        let_in += 1
        assert let_in < 50
    return let_in, answer


def test_characters_a_minute_of_the_model_that_speaks(tmp_path: Path) -> None:
    with running_server(tmp_path, DETERMINISTIC) as server, server.client() as client:
        allow(server, "--model", SPEAKS, "--characters", "10")
        let_in, told = until_refused(client)
        assert let_in <= 2  # one that began before the limit was felt
        assert "(1039)" in told or "1039" in told


def test_requests_a_minute_of_the_model_that_speaks_and_of_all_together(tmp_path: Path) -> None:
    with running_server(tmp_path, DETERMINISTIC) as server, server.client() as client:
        allow(server, "--model", SPEAKS, "--requests", "3")
        allow(server, "--requests", "100")
        let_in, told = until_refused(client)
        assert let_in in {3, 4}
        assert "1002" in told


def test_what_is_spoken_is_spent_on_the_model_that_speaks(tmp_path: Path) -> None:
    with running_server(tmp_path, DETERMINISTIC + PRICES) as server, server.client() as client:
        allow(server, "--model", SPEAKS, "--spend", "0.001")
        let_in, told = until_refused(client)
        assert let_in >= 1
        assert "1008" in told
        listed = rhapsode("limits", "list", "--group", server.group_id, "--home", str(server.home), "--json")
        (rule,) = json.loads(listed)
        assert (rule["model"], rule["spent"] > 0) == (SPEAKS, True)
