"""Limits over the real command: what callers are told, and that nobody is refused who asks one call after the other."""

from pathlib import Path

from tests.live.ledger import calls
from tests.live.running import DETERMINISTIC, running_server
from tests.live.test_chat_pro import body as pro_body
from tests.live.test_hang_up import connect
from tests.live.test_ledger import TEXT, get, openai_body, post
from tests.live.test_t2a_v2 import body as t2a_v2_body

REQUESTS = 90
SETTINGS = f"""
[limits]
parallel = 1
requests_per_minute = {REQUESTS}
"""


def test_who_is_over_a_limit_is_told_in_its_dialect_and_has_no_row(tmp_path: Path) -> None:
    native = post("/v1/text/chatcompletion_pro", **pro_body())
    stream = post("/v1/text/chatcompletion_pro", **pro_body(stream=True))
    openai = post("/v1/chat/completions", **openai_body())
    spoken = post("/v1/t2a_v2", **t2a_v2_body(text=TEXT, stream=True))
    models = get("/v1/models")
    with running_server(tmp_path, DETERMINISTIC + SETTINGS) as server, server.client() as client:
        for _ in range(5):  # a place is free before the reply is complete that held it
            for ask in (native, stream, openai, spoken, models):
                answer = ask(client)
                assert answer.status_code == 200
                assert '"status_code":1041' not in answer.text
        held = openai_body(messages=[{"role": "user", "content": "scripted:hold"}], stream=True)
        holding = connect(server, "/v1/chat/completions", held)
        assert holding.recv(64).startswith(b"HTTP/1.1 200")
        refused = native(client)
        assert (refused.status_code, refused.json()["base_resp"]["status_code"]) == (200, 1041)
        assert "retry-after" not in refused.headers
        for ask in (openai, models):
            refused = ask(client)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert refused.json()["error"]["message"].endswith("(1041)")
        holding.close()
        answers = [openai(client)]
        while answers[-1].status_code != 200:  # until the server has noticed
            answers.append(openai(client))
        let_in = 25 + 1 + 1
        while (answer := openai(client)).status_code == 200:
            let_in += 1
        assert let_in == REQUESTS
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.json()["error"]["message"].endswith("(1002)")
        assert native(client).json()["base_resp"]["status_code"] == 1002
    outcomes = [row["outcome"] for row in calls(tmp_path).values()]
    assert sorted(outcomes) == ["left", *["ok"] * (REQUESTS - 5 - 1)]
