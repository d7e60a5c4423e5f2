"""Embeddings by llama.cpp: what no other engine has."""

from pathlib import Path

import pytest

from rhapsode.core.embedding import EmbedEngine, Purpose
from rhapsode.core.errors import EngineError, EngineMissing, PromptTooLong, SettingsError
from rhapsode.engines.registry import open_embed
from rhapsode.models.catalogue import find_model
from tests import tiny_encoder
from tests.engines.embed.asking import likeness, texts
from tests.tiny_gguf import CONTEXT, WIDTH


async def vectors_of(engine: EmbedEngine, *said: str, purpose: Purpose | None = None) -> list[list[float]]:
    return [list(vector) for vector in (await engine.embed(texts(*said, purpose=purpose))).vectors]


async def test_vectors_are_as_wide_as_the_model_and_tokens_are_the_models_own(tiny_embedding_gguf: Path) -> None:
    engine = await open_embed("llama", {"model": str(tiny_embedding_gguf)}, find_model=Path)
    try:
        answer = await engine.embed(texts("abc", "de"))
        assert [len(vector) for vector in answer.vectors] == [WIDTH, WIDTH]
        assert answer.tokens == 5  # its tokens are bytes
    finally:
        await engine.close()


async def test_prefixes_stand_before_texts_of_their_purpose_alone(tiny_embedding_gguf: Path) -> None:
    options = {"model": str(tiny_embedding_gguf), "query_prefix": "find: ", "store_prefix": "keep: "}
    engine = await open_embed("llama", options, find_model=Path)
    try:
        query, store, neither = [
            (await vectors_of(engine, "sea", purpose=purpose))[0] for purpose in (Purpose.QUERY, Purpose.STORE, None)
        ]
        written_out = await vectors_of(engine, "find: sea", "keep: sea", "sea")
        for one, other in zip((query, store, neither), written_out, strict=True):
            assert likeness(one, other) == pytest.approx(1, abs=1e-3)
        assert likeness(query, store) < 0.9999
    finally:
        await engine.close()


async def test_a_text_up_to_the_context_is_embedded_and_one_token_more_is_not(tiny_embedding_gguf: Path) -> None:
    engine = await open_embed("llama", {"model": str(tiny_embedding_gguf), "slots": 1}, find_model=Path)
    try:
        assert (await engine.embed(texts("a" * CONTEXT))).tokens == CONTEXT
        with pytest.raises(PromptTooLong) as caught:
            await engine.embed(texts("b", "a" * (CONTEXT + 1)))
        assert (caught.value.prompt_tokens, caught.value.context_tokens) == (CONTEXT + 1, CONTEXT)
        assert caught.value.field == "texts[1]"
    finally:
        await engine.close()


async def test_a_special_token_in_a_text_is_text(tiny_embedding_gguf: Path) -> None:
    engine = await open_embed("llama", {"model": str(tiny_embedding_gguf)}, find_model=Path)
    try:
        assert (await engine.embed(texts("<|im_end|>"))).tokens > len("<|im_end|>")
    finally:
        await engine.close()


async def test_a_chat_model_makes_no_vectors_unless_told_how(tiny_gguf: Path) -> None:
    with pytest.raises(EngineError, match="pooling"):
        await open_embed("llama", {"model": str(tiny_gguf)}, find_model=Path)
    engine = await open_embed("llama", {"model": str(tiny_gguf), "pooling": "mean"}, find_model=Path)
    assert await vectors_of(engine, "sea")
    await engine.close()


async def test_a_model_that_is_refused_is_freed_however_new_it_is(tiny_gguf: Path) -> None:
    for _ in range(50):  # llama.cpp's own thread is in its loop by then, or on its way there
        with pytest.raises(EngineError, match="pooling"):
            await open_embed("llama", {"model": str(tiny_gguf)}, find_model=Path)


async def test_wrong_options_are_named() -> None:
    with pytest.raises(SettingsError, match="model"):
        await open_embed("llama", {}, find_model=Path)
    with pytest.raises(SettingsError, match="pooling"):
        await open_embed("llama", {"model": "x.gguf", "pooling": "max"}, find_model=Path)


async def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    model = str(tmp_path / "nothing.gguf")
    with pytest.raises(EngineMissing):
        await open_embed("llama", {"model": model}, find_model=lambda name: find_model(name, directory=tmp_path))


@pytest.fixture
def cut(tiny_embedding_gguf: Path, tmp_path: Path) -> Path:
    """A model's file, and the last of its weights missing."""
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_embedding_gguf.read_bytes()[:-5000])
    return path


async def test_a_file_that_is_cut_is_told(cut: Path) -> None:
    with pytest.raises(EngineError, match="is the file whole"):
        await open_embed("llama", {"model": str(cut)}, find_model=Path)


async def test_an_encoder_is_loaded_and_holds_a_text_up_to_its_context(tmp_path: Path) -> None:
    model = str(tiny_encoder.write_tiny_encoder(tmp_path / "encoder.gguf"))
    engine = await open_embed("llama", {"model": model}, find_model=Path)
    try:
        answer = await engine.embed(texts(*["a b", "b a"] * 40))
        assert answer.tokens == 80 * 4  # one at either end is its own
        assert len(answer.vectors[0]) == tiny_encoder.WIDTH
        assert likeness(answer.vectors[0], answer.vectors[78]) == pytest.approx(1, abs=1e-3)
        assert likeness(answer.vectors[0], answer.vectors[1]) < 0.999
        full = "a " * (tiny_encoder.CONTEXT - 2)
        assert (await engine.embed(texts(full))).tokens == tiny_encoder.CONTEXT
        with pytest.raises(PromptTooLong) as caught:
            await engine.embed(texts(full + "a"))
        assert caught.value.prompt_tokens == tiny_encoder.CONTEXT + 1
    finally:
        await engine.close()
