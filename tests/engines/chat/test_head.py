from pathlib import Path

import gguf
import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.engines.chat.head import QUANTISATIONS, Head, read_head
from tests.tiny_gguf import CONTEXT, WIDTH, write_tiny_gguf


def test_a_chat_model(tiny_gguf: Path) -> None:
    assert read_head(tiny_gguf) == Head(
        name="Tiny",
        architecture="llama",
        licence=None,
        quantisation="F32",
        context=CONTEXT,
        width=WIDTH,
        has_template=True,
        is_for_vectors=False,
    )


def test_an_embedding_model(tiny_embedding_gguf: Path) -> None:
    assert read_head(tiny_embedding_gguf).is_for_vectors


def test_what_a_file_does_not_say_is_left_open(tmp_path: Path) -> None:
    whole = write_tiny_gguf(tmp_path / "tiny.gguf").read_bytes()
    # No metadata at all: the head of a file without keys.
    (tmp_path / "bare.gguf").write_bytes(whole[:16] + bytes(8))
    head = read_head(tmp_path / "bare.gguf")
    assert (head.name, head.architecture, head.quantisation, head.context) == (None, None, None, None)
    assert not head.has_template
    (tmp_path / "none.gguf").write_bytes(b"no")
    with pytest.raises(SettingsError, match="is not a GGUF file"):
        read_head(tmp_path / "none.gguf")


def test_the_names_of_the_precisions_are_llama_cpps_own() -> None:
    theirs = {
        kind.value: kind.name.partition("MOSTLY_")[2] or kind.name.partition("ALL_")[2] for kind in gguf.LlamaFileType
    }
    assert {kind: theirs[kind] for kind in QUANTISATIONS} == dict(QUANTISATIONS)
