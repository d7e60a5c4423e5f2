"""Vectors: which engine makes them, and what happens when none can."""

import pytest

from rhapsode.core.errors import EngineError, InvalidField, NotSupported, PromptTooLong, UnknownModel
from rhapsode.engines.embed.scripted import ScriptedEmbedEngine
from rhapsode.service.embed import EmbedService
from tests.engines.embed.asking import texts


async def test_without_an_engine_the_caller_hears_what_to_write_into_the_settings() -> None:
    with pytest.raises(NotSupported, match=r"\[embed\.engines\.NAME\].*\[embed\.models\]"):
        await EmbedService(routes={}).embed(texts("calm sea"))


async def test_a_model_without_a_route_is_unknown() -> None:
    service = EmbedService(routes={"other": [ScriptedEmbedEngine()]})
    assert service.models == ("other",)
    with pytest.raises(UnknownModel):
        await service.embed(texts("calm sea"))


async def test_the_next_engine_embeds_when_the_first_one_fails() -> None:
    closed, well = ScriptedEmbedEngine(), ScriptedEmbedEngine()
    await closed.close()
    service = EmbedService(routes={"embo-01": [closed, well]})
    assert (await service.embed(texts("calm sea"))).tokens == 8


async def test_when_every_engine_fails_the_last_ones_error_is_told() -> None:
    service = EmbedService(routes={"embo-01": [ScriptedEmbedEngine(), ScriptedEmbedEngine()]})
    with pytest.raises(EngineError, match="told to fail"):
        await service.embed(texts("scripted:fail"))


async def test_a_callers_mistake_is_told_at_once() -> None:
    small, large = ScriptedEmbedEngine(context=4), ScriptedEmbedEngine(context=400)
    with pytest.raises(PromptTooLong) as caught:
        await EmbedService(routes={"embo-01": [small, large]}).embed(texts("calm sea"))
    assert isinstance(caught.value, InvalidField)
