"""Models by name."""

from pathlib import Path

import msgspec
import pytest

from rhapsode.core.errors import EngineMissing, ModelMissing, SettingsError
from rhapsode.models.catalogue import find_entry, find_model, models
from rhapsode.models.entry import HubSource, Model
from rhapsode.models.hub import read_reference
from tests.models.entries import TINY, UPSTREAM, hub_entry


def test_the_embedded_model_is_found_in_its_wheel_and_the_wheels_code_is_not_run(tmp_path: Path) -> None:
    path = find_model("default", directory=tmp_path)
    assert path == find_model("smollm2-135m", directory=tmp_path)
    assert path.stat().st_size == find_entry("default").size == 98362432


@pytest.mark.parametrize("name", ["Mine.GGUF", "smollm2-135m.gguf"])
def test_a_path_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    mine = tmp_path / name
    with pytest.raises(EngineMissing, match="there is no file"):
        find_model(str(mine), directory=tmp_path)
    mine.touch()
    assert find_model(str(mine), directory=tmp_path) == mine


def test_unknown_names_are_refused_with_the_list_of_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model 'smollm3'; there are tiny, default, or give the path of a GGUF"):
        find_model("smollm3", directory=tmp_path, known=(TINY,))


@pytest.mark.parametrize("entry", [TINY, hub_entry(b"tiny")])
def test_a_model_that_is_not_here_names_the_command_that_fetches_it(tmp_path: Path, entry: Model) -> None:
    with pytest.raises(ModelMissing, match="tiny is not on this machine: rhapsode models pull tiny"):
        find_model("tiny", directory=tmp_path, known=(entry,))
    (tmp_path / "tiny.gguf").touch()
    assert find_model("tiny", directory=tmp_path, known=(entry,)) == tmp_path / "tiny.gguf"


def test_a_file_of_a_hub_is_found_where_pulling_puts_it(tmp_path: Path) -> None:
    name = "hf:someone/tiny-GGUF/Tiny-Q8_0.gguf"
    with pytest.raises(ModelMissing, match=f"rhapsode models pull {name}"):
        find_model(name, directory=tmp_path)
    path = tmp_path / "hf" / "someone" / "tiny-GGUF" / "Tiny-Q8_0.gguf"
    path.parent.mkdir(parents=True)
    path.touch()
    assert find_model(name, directory=tmp_path) == path


def test_a_model_of_an_upstream_is_not_looked_for_here(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="huge is served by an upstream: rhapsode models show huge"):
        find_model("huge", directory=tmp_path, known=(UPSTREAM,))


def test_every_name_means_one_model_and_every_file_of_a_hub_can_be_named() -> None:
    known = models()
    names = [name for model in known for name in (model.name, *model.aliases)]
    assert len(names) == len(set(names))
    sources = [model.source for model in known if isinstance(model.source, HubSource)]
    files = [source.file for source in sources]
    assert len(files) == len(set(files))
    for source in sources:
        places = [("hf", source.huggingface), ("ms", source.modelscope)]
        named = [f"{prefix}:{place.repo}/{place.file}" for prefix, place in places if place is not None]
        assert named
        assert all(read_reference(name) for name in named)


def test_the_catalogue_covers_small_to_large_chat_embeddings_and_the_platforms_own_weights() -> None:
    known = {model.name: model for model in models()}
    assert {"smollm2-360m", "smollm2-1.7b", "qwen3-0.6b", "qwen3-1.7b", "qwen3-4b", "qwen3-8b"} <= set(known)
    assert {name for name, model in known.items() if "embed" in model.abilities} == {"qwen3-embedding-0.6b", "bge-m3"}
    assert known["minimax-m2.5"].source.__class__.__name__ == "UpstreamSource"


def test_a_size_counts_as_exact_only_beside_a_digest() -> None:
    assert {model.name for model in models() if not model.size_is_exact} == {"smollm2-360m", "minimax-m2.5"}


def test_memory_is_the_file_and_the_conversations_that_the_shown_settings_allow() -> None:
    small = find_entry("smollm2-135m")
    assert small.memory == 98362432 + 4 * 8192 * 23040
    # A longer context than is served takes no more, and texts for embeddings are shorter.
    assert find_entry("qwen3-4b").memory == 2497280256 + 4 * 8192 * 147456
    assert find_entry("qwen3-embedding-0.6b").memory == 639150592 + 4 * 4096 * 114688


def test_a_wrong_digest_in_the_catalogue_is_no_entry() -> None:
    with pytest.raises(msgspec.ValidationError, match="sha256"):
        msgspec.convert({"kind": "hub", "file": "x.gguf", "sha256": "abc"}, HubSource)
