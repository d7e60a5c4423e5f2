import re
from pathlib import Path
from typing import cast

import pytest

from rhapsode.client._calls import CHAT_PATH, SPEECH_V2_PATH
from rhapsode.client._vectors import EMBED_PATH
from rhapsode.core.embedding import Embeddings
from rhapsode.dialects.minimax.embeddings import write_reply
from tests.client.player import Connection, Player, call, events, play, reply, stream
from tests.client.test_speech_stream import events as sound

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PAGE = Path(__file__).parents[2] / "docs" / "sdk.md"


def sensible(connection: Connection) -> None:
    """What a server would answer."""
    asked = connection.player.asked[-1]
    if asked.target.startswith(EMBED_PATH):
        count = len(cast("list[str]", asked.json["texts"]))
        return play(write_reply(Embeddings(vectors=[[1.0]] * count, tokens=count)))(connection)
    if asked.json.get("stream") and asked.target.startswith(SPEECH_V2_PATH):
        return stream(*sound(b"mp", b"3"))(connection)
    if not asked.target.startswith(CHAT_PATH):
        return play(b"mp3", "audio/mpeg")(connection)
    if asked.json.get("functions") and not asked.body.count(b"FUNCTION"):
        return call("get_weather", '{"city": "上海"}')(connection)
    return (stream(*events("你", "好。")) if asked.json.get("stream") else reply("你好。"))(connection)


def test_what_the_page_shows_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 8
    names: dict[str, object] = {}
    with Player(*[sensible] * 20) as server:
        monkeypatch.setenv("RHAPSODE_BASE_URL", server.url)
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  our own page
    assert (tmp_path / "output.mp3").read_bytes() == (tmp_path / "story.mp3").read_bytes() == b"mp3"
    assert capsys.readouterr().out.count("你好。") == 9
