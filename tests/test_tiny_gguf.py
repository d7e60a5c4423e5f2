"""The model that tests make for themselves is one that llama.cpp takes for real."""

from pathlib import Path

import gguf
import pytest

from rhapsode.core.chat import Finish, collect
from rhapsode.engines.registry import open_chat
from tests.engines.chat.requests import chat
from tests.tiny_gguf import CONTEXT, write_tiny_gguf


async def test_it_is_loaded_and_replies(tiny_gguf: Path) -> None:
    engine = await open_chat("llama", {"model": str(tiny_gguf)}, find_model=Path)
    try:
        cut = await collect(engine.reply(chat("你好", max_tokens=1)))
        assert cut.text
        whole = await collect(engine.reply(chat("你好", max_tokens=CONTEXT // 2)))
        assert whole.end.finish is Finish.STOP
        assert set(whole.text) <= set("abcdefghijklmnopqrstuvwxyz ")
    finally:
        await engine.close()


@pytest.mark.parametrize("pooling", [None, gguf.PoolingType.MEAN])
def test_a_seed_gives_the_same_file(tmp_path: Path, pooling: gguf.PoolingType | None) -> None:
    one, two, three = (
        write_tiny_gguf(tmp_path / f"{number}.gguf", seed=seed, pooling=pooling).read_bytes()
        for number, seed in enumerate((1, 1, 2))
    )
    assert one == two != three
    assert len(one) < 200_000
