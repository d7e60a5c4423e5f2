"""The head of a GGUF file, written here as the format's description says."""

import struct
from pathlib import Path

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.engines.chat.gguf import ModelFacts, read_facts
from rhapsode.models.catalogue import find_model

STRING, ARRAY, U32, I32, BOOL = 8, 9, 4, 5, 7


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return string(key) + struct.pack("<I", kind) + value


def gguf(*entries: bytes, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(entries)) + b"".join(entries)


def strings(*texts: str) -> bytes:
    return struct.pack("<IQ", STRING, len(texts)) + b"".join(map(string, texts))


def numbers(*values: int) -> bytes:
    return struct.pack(f"<IQ{len(values)}i", I32, len(values), *values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_the_context_and_the_special_tokens(path: Path) -> None:
    path.write_bytes(
        gguf(
            entry("general.architecture", STRING, string("gemma")),
            entry("tokenizer.ggml.add_bos_token", BOOL, b"\x01"),
            entry("gemma.context_length", U32, struct.pack("<I", 2048)),
            entry("tokenizer.ggml.tokens", ARRAY, strings("a", "<eos>", "<unk>", "<user>", "<table>", "hello")),
            entry("tokenizer.ggml.token_type", ARRAY, numbers(1, 3, 2, 4, 4, 1)),
            entry("tokenizer.chat_template", STRING, string("<user>{{ messages }}")),
        )
    )
    assert read_facts(path) == ModelFacts(
        context=2048,
        markers=frozenset({"<eos>", "<unk>", "<user>", "<|im_start|>", "<|im_end|>"}),
        longest_token=7,
        template="<user>{{ messages }}",
    )
    assert "<table>" in read_facts(path, template="<table>").markers


def test_a_file_that_says_little(path: Path) -> None:
    path.write_bytes(gguf())
    facts = read_facts(path)
    assert (facts.context, facts.longest_token) == (0, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"ELF and so on, longer than a head",
        gguf(version=1),
        gguf(entry("x", 99, b"")),
        gguf(b"\xff" * 20),
        gguf(entry("x", ARRAY, struct.pack("<IQ", ARRAY, 1) * 5000)),
    ],
)
def test_what_is_no_gguf_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"model: .*model\.gguf is not a GGUF file"):
        read_facts(path)


def test_the_embedded_model(tmp_path: Path) -> None:
    facts = read_facts(find_model("default", directory=tmp_path))
    assert facts.context == 8192
    assert {"<|im_start|>", "<|im_end|>", "<|endoftext|>"} <= facts.markers
