"""Engines by name."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from rhapsode.core.errors import EngineMissing, SettingsError
from rhapsode.engines import registry


def nowhere(name: str) -> Path:
    raise EngineMissing(f"there is no model {name}")


@pytest.mark.parametrize("table", [registry.CHAT, registry.SPEECH, registry.EMBED], ids=["chat", "speech", "embed"])
def test_every_kind_names_a_function_that_exists(table: dict[str, str]) -> None:
    for path in table.values():
        module, _, function = path.partition(":")
        assert callable(getattr(import_module(module), function))


async def test_unknown_kinds_are_refused_with_the_list_of_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no chat engine of kind 'lama'; there are llama, .*scripted"):
        await registry.open_chat("lama", {}, find_model=nowhere)
    with pytest.raises(SettingsError, match="no speech engine of kind 'festival'; there are espeak, tone"):
        await registry.open_speech("festival", {}, voices=())
    with pytest.raises(SettingsError, match="no embedding engine of kind 'word2vec'; there are llama"):
        await registry.open_embed("word2vec", {}, find_model=nowhere)


async def test_a_kind_opens_its_engine() -> None:
    engine = await registry.open_chat("scripted", {"context": 64}, find_model=nowhere)
    await engine.close()


async def test_options_are_checked() -> None:
    with pytest.raises(SettingsError, match=r"options of the scripted engine: .*contxt"):
        await registry.open_chat("scripted", {"contxt": 64}, find_model=nowhere)


def test_a_missing_package_names_the_extra_that_brings_it() -> None:
    program = """
import asyncio, sys
sys.modules["xllamacpp"] = None  # as if it were not installed
from rhapsode.core.errors import EngineMissing
from rhapsode.engines.registry import open_chat
try:
    asyncio.run(open_chat("llama", {}, find_model=lambda name: None))
except EngineMissing as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "the llama engine needs the package xllamacpp: pip install 'rhapsode[server]'"
