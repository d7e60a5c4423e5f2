"""An engine that hangs: its callers are told within the time that is set, its places are free, others are served."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.client.player import Player, silence, stream
from tests.engines.upstream.playing import TONGUES
from tests.live.faults.load import openai_body
from tests.live.ledger import calls
from tests.live.running import DETERMINISTIC, running_server

OPENAI = "/v1/chat/completions"
HANGING = "abab6.5s-chat"
OTHER = "abab5.5-chat"
CALLS = 4
TONGUE = next(tongue for tongue in TONGUES if tongue.kind == "openai")

SETTINGS = """
[limits]
parallel = 5
[chat.engines.hanging]
kind = "openai"
base_url = "{url}"
retries = 0
first_token_timeout = 1.5
breaker_failures = 0
parallel = 4
[chat.models]
"abab6.5s-chat" = ["hanging"]
"""


def test_a_server_that_accepts_and_never_answers_is_left_and_nobody_else_waits(tmp_path: Path) -> None:
    with Player(*[silence] * CALLS) as player:
        settings = DETERMINISTIC.replace("[speech", SETTINGS.format(url=player.url) + "[speech", 1)
        with (
            running_server(tmp_path, settings) as server,
            server.client() as client,
            ThreadPoolExecutor(CALLS) as callers,
        ):
            asked = [callers.submit(client.post, OPENAI, json=openai_body(model=HANGING)) for _ in range(CALLS)]
            served = 0
            while not all(each.done() for each in asked):
                answer = client.post(OPENAI, json=openai_body(model=OTHER))
                assert answer.status_code == 200
                served += 1
            assert served
            for each in asked:
                answer = each.result()
                assert answer.status_code == 500, answer.text
                assert answer.json()["error"]["message"].endswith("(1013)")
            others = [callers.submit(client.post, OPENAI, json=openai_body(model=OTHER)) for _ in range(CALLS)]
            assert {each.result().status_code for each in others} == {200}  # no place of the callers' is held
            player.answers.extend([stream(*TONGUE.frames("Glas", "sy."))] * CALLS)
            again = [callers.submit(client.post, OPENAI, json=openai_body(model=HANGING)) for _ in range(CALLS)]
            said = {each.result().json()["choices"][0]["message"]["content"] for each in again}
            assert said == {"Glassy."}  # nor of the engine's
    outcomes = Counter((row["model"], row["outcome"], row["status"]) for row in calls(tmp_path).values())
    assert outcomes[HANGING, "failed", 1013] == CALLS
    assert outcomes[HANGING, "ok", 0] == CALLS
