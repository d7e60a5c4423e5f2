import re
from pathlib import Path
from typing import cast

import pytest

from rhapsode.client._calls import CHAT_PATH, SPEECH_V2_PATH
from rhapsode.client._orders import CONTENT_PATH, ORDER_PATH, STATUS_PATH
from rhapsode.client._vectors import EMBED_PATH
from rhapsode.core.embedding import Embeddings
from rhapsode.dialects.minimax.embeddings import write_reply
from rhapsode.dialects.minimax.t2a_async_v2 import write_created, write_status
from tests.client.player import Answer, Asked, Connection, Player, call, events, play, reply, stream
from tests.client.test_orders import archive
from tests.client.test_speech_stream import events as sound

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PAGE = Path(__file__).parents[2] / "docs" / "sdk.md"


def spoken(asked: Asked) -> Answer:
    """What one would answer who is asked for speech."""
    if asked.target.startswith(ORDER_PATH):
        return play(write_created(task_id=1, token="t", file_id=2, characters=9))
    if asked.target.startswith(STATUS_PATH):
        return play(write_status(task_id=1, status="Success", file_id=2, reason=None))
    if asked.target.startswith(CONTENT_PATH):
        return play(archive({"1/content-1.mp3": b"mp3"}), "application/x-tar")
    if asked.target.startswith(SPEECH_V2_PATH):
        return stream(*sound(b"mp", b"3"))
    return play(b"mp3", "audio/mpeg")


def sensible(connection: Connection) -> None:
    """What a server would answer."""
    asked = connection.player.asked[-1]
    if asked.target.startswith(EMBED_PATH):
        count = len(cast("list[str]", asked.json["texts"]))
        return play(write_reply(Embeddings(vectors=[[1.0]] * count, tokens=count)))(connection)
    if not asked.target.startswith(CHAT_PATH):
        return spoken(asked)(connection)
    if asked.json.get("functions") and not asked.body.count(b"FUNCTION"):
        return call("get_weather", '{"city": "上海"}')(connection)
    return (stream(*events("你", "好。")) if asked.json.get("stream") else reply("你好。"))(connection)


def test_what_the_page_shows_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 9
    names: dict[str, object] = {}
    with Player(*[sensible] * 20) as server:
        monkeypatch.setenv("RHAPSODE_BASE_URL", server.url)
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  our own page
    assert (tmp_path / "output.mp3").read_bytes() == (tmp_path / "story.mp3").read_bytes() == b"mp3"
    assert capsys.readouterr().out.count("你好。") == 9
