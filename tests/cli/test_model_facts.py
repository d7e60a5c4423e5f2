from pathlib import Path

import pytest

from rhapsode.cli.model_facts import find_facts, settings_lines
from rhapsode.engines.registry import CHAT, EMBED
from rhapsode.models.catalogue import models
from rhapsode.models.entry import Model, UpstreamSource
from rhapsode.settings.read import read_settings


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_the_settings_that_are_shown_are_settings(tmp_path: Path, model: Model) -> None:
    lines = settings_lines(find_facts(model.name, tmp_path))
    (tmp_path / "rhapsode.toml").write_text(lines)
    settings = read_settings(tmp_path / "rhapsode.toml")
    if "embed" in model.abilities:
        assert settings.embed.default == "local"
        engine, kinds = settings.embed.engines["local"], EMBED
    else:
        engine, kinds = settings.chat.engines[settings.chat.default], CHAT
    assert engine.kind in kinds
    upstream = isinstance(model.source, UpstreamSource)
    assert engine.options["model"] == (model.source.repo if isinstance(model.source, UpstreamSource) else model.name)
    assert ("base_url" in engine.options) is upstream


def test_a_path_with_quotes_and_backslashes_is_written_so_that_it_is_read_back(tmp_path: Path, tiny_gguf: Path) -> None:
    odd = tmp_path / 'my "model"\\\'.gguf'
    odd.symlink_to(tiny_gguf)
    (tmp_path / "rhapsode.toml").write_text(settings_lines(find_facts(str(odd), tmp_path)))
    engine = read_settings(tmp_path / "rhapsode.toml").chat.engines["local"]
    assert engine.options == {"model": str(odd)}
