"""Names of files on hubs, where the hubs are, and who is told the token."""

from pathlib import Path

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.models.hub import HubFile, Hubs, choose_hubs, kept_at, kept_names, read_reference

WANTED = HubFile(hub="huggingface", repo="Qwen/Qwen3-4B-GGUF", file="sub/Qwen3 4B.gguf", revision="main")


@pytest.mark.parametrize(
    ("name", "hub", "revision"),
    [
        ("hf:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", "huggingface", "main"),
        ("ms:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", "modelscope", "master"),
        ("HF:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.GGUF", "huggingface", "main"),
    ],
)
def test_a_name_says_the_hub_the_repository_and_the_file(name: str, hub: str, revision: str) -> None:
    found = read_reference(name)
    assert found is not None
    assert (found.hub, found.repo, found.revision) == (hub, "Qwen/Qwen3-0.6B-GGUF", revision)
    assert found.file == name.rpartition("/")[2]


def test_a_file_may_lie_in_folders() -> None:
    found = read_reference("hf:a/b/c/d/e.gguf")
    assert found is not None
    assert (found.repo, found.file) == ("a/b", "c/d/e.gguf")


@pytest.mark.parametrize("name", ["qwen3-4b", "models/hf.gguf", "https://huggingface.co/a/b", "hg:a/b/c.gguf"])
def test_other_names_are_none_of_a_hub(name: str) -> None:
    assert read_reference(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "hf:",
        "hf:a/b",
        "hf:a/b.gguf",
        "hf:a/b/c.safetensors",
        "hf:../b/c.gguf",
        "hf:a/../c.gguf",
        "hf:a/b/../../../etc/c.gguf",
        "hf:a/b//c.gguf",
        "hf:/a/b/c.gguf",
        "hf:a/b/c?.gguf",
        "hf:a/b/c\\d.gguf",
        "hf:a/b/ｃ.gguf",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"write hf:OWNER/REPO/FILE.gguf"):
        read_reference(name)


def test_a_model_in_several_files_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="one part of several"):
        read_reference("hf:a/b/c-00001-of-00003.gguf")


def test_the_files_that_are_here_are_known_by_the_names_they_were_pulled_by(tmp_path: Path) -> None:
    assert kept_names(tmp_path) == []
    for name in ("hf:a/b/c/d.gguf", "ms:a/b/c.gguf"):
        wanted = read_reference(name)
        assert wanted is not None
        path = kept_at(wanted, tmp_path)
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "hf/a/b/e.gguf.part").touch()
    (tmp_path / "hf/a/b/e.gguf.part.json").touch()
    (tmp_path / "hf/a/b/not a name.gguf").touch()
    assert kept_names(tmp_path) == ["hf:a/b/c/d.gguf", "hf:a/b/e.gguf", "ms:a/b/c.gguf"]


def test_addresses_are_those_of_the_hubs() -> None:
    hubs = Hubs()
    assert hubs.resolve_url(WANTED) == "https://huggingface.co/Qwen/Qwen3-4B-GGUF/resolve/main/sub/Qwen3%204B.gguf"
    theirs = HubFile(hub="modelscope", repo="Qwen/Qwen3-4B-GGUF", file="x.gguf", revision="a/b")
    assert hubs.resolve_url(theirs) == "https://www.modelscope.cn/models/Qwen/Qwen3-4B-GGUF/resolve/a%2Fb/x.gguf"
    assert hubs.listing_url(theirs) == (
        "https://www.modelscope.cn/api/v1/models/Qwen/Qwen3-4B-GGUF/repo/files?Revision=a%2Fb&Recursive=true"
    )


def test_the_settings_name_a_mirror_of_their_hub_and_the_environment_one_of_hugging_face() -> None:
    def at(hubs: Hubs) -> tuple[str, str]:
        return hubs.endpoints["huggingface"], hubs.endpoints["modelscope"]

    theirs = ("https://huggingface.co", "https://www.modelscope.cn")
    environ = {"HF_ENDPOINT": "https://mirror.example/"}
    assert at(choose_hubs("huggingface", "", {})) == theirs
    assert at(choose_hubs("huggingface", "", environ)) == ("https://mirror.example", theirs[1])
    assert at(choose_hubs("huggingface", "https://mine.example/hf/", environ)) == ("https://mine.example/hf", theirs[1])
    assert at(choose_hubs("modelscope", "https://mine.example", environ)) == (
        "https://mirror.example",
        "https://mine.example",
    )
    with pytest.raises(SettingsError, match="HF_ENDPOINT: must begin with http"):
        choose_hubs("huggingface", "", {"HF_ENDPOINT": "mirror.example"})


@pytest.mark.parametrize(
    ("endpoint", "url", "told"),
    [
        ("", "https://huggingface.co/a/b", True),
        ("", "https://cdn-lfs.huggingface.co/a/b", False),
        ("", "https://huggingface.co:444/a/b", False),
        ("", "http://huggingface.co/a/b", False),
        ("", "https://www.modelscope.cn/a/b", False),
        ("http://mirror.example", "http://mirror.example/a/b", False),
        ("https://mirror.example", "https://mirror.example/a/b", True),
        ("http://127.0.0.1:9", "http://127.0.0.1:9/a", True),
    ],
)
def test_the_token_is_for_hugging_faces_endpoint_alone_and_never_in_the_clear(
    endpoint: str, url: str, *, told: bool
) -> None:
    hubs = choose_hubs("huggingface", endpoint, {"HF_TOKEN": "hf_secret"})
    assert hubs.token_for(url) == ("hf_secret" if told else None)
    assert "hf_secret" not in repr(hubs)
