"""Uploaded texts: how they are read, and what a zip cannot do to us."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.errors import InvalidField
from rhapsode.jobs.documents import MOST_BYTES, MOST_DIRECTORY, RawDocument, read_documents


def zipped(members: Mapping[str, bytes | str], **how: Any) -> bytes:  # noqa: ANN401 - as zipfile takes it
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def read(tmp_path: Path, content: bytes, name: str = "texts.zip", **limits: int) -> list[RawDocument]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    bounds = {"most_each": 10_000_000, "most": 10_000_000} | limits
    return read_documents(path, name, field="text", most_each=bounds["most_each"], most=bounds["most"])


def texts(documents: list[RawDocument]) -> dict[str, str]:
    return {document.name: document.text for document in documents}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_is_read_as_it_is_found_in_the_wild(tmp_path: Path, encoding: str) -> None:
    content = "第一章，他说：“你好”。".encode(encoding)
    assert texts(read(tmp_path, content, "书 1.TXT")) == {"content-书 1": "第一章，他说：“你好”。"}
    assert texts(read(tmp_path, zipped({"书.txt": content}))) == {"content-书": "第一章，他说：“你好”。"}


def test_names_are_read_as_windows_writes_them(tmp_path: Path) -> None:
    packed = zipped({"AAAA.txt": "文"}).replace(b"AAAA.txt", "书目.txt".encode("gb18030"))
    assert texts(read(tmp_path, packed)) == {"content-书目": "文"}


def test_json_gives_up_to_three_texts_a_file(tmp_path: Path) -> None:
    packed = zipped(
        {"2.json": json.dumps({"title": "题", "content": "文", "extra": "补"}), "1.json": '{"content":"二"}'}
    )
    assert texts(read(tmp_path, packed)) == {"title-2": "题", "content-2": "文", "extra-2": "补", "content-1": "二"}


def test_what_a_system_leaves_behind_is_left_out(tmp_path: Path) -> None:
    packed = zipped({"a/": "", "a/1.txt": "文", "__MACOSX/a/._1.txt": "\0", "a/.DS_Store": "\0"})
    assert texts(read(tmp_path, packed)) == {"content-1": "文"}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.txt", "C:\\Windows\\x.txt", "/root/.ssh/keys.txt", "a/..txt", "\n.txt"]
)
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, zipped({name: "文"}))[0].name
    assert found.startswith("content-")
    assert not set("/\\:\n") & set(found)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({}, "a zip must hold 1 to 1000 files, not 0"),
        ({f"{number}.txt": "文" for number in range(1001)}, "a zip must hold 1 to 1000 files, not 1001"),
        ({"a.txt": "文", "a.json": "{}"}, "a zip must hold only .txt files or only .json files"),
        ({"a.exe": "文"}, "a zip must hold only .txt files or only .json files"),
        ({"a/1.txt": "文", "b/1.txt": "文"}, "b/1.txt: there are two files of this name"),
        ({"a.txt": "  \n"}, "holds no text"),
        ({"a.json": "{}"}, "holds no text"),
        ({"a.json": "[]"}, "a.json: must be JSON, an object of the texts title, content and extra"),
        ({"a.json": '{"content": 7}'}, "a.json: must be JSON"),
        ({"a.json": '{"content": '}, "a.json: must be JSON"),
        ({"a.txt": b"\xff\xff\xff"}, "a.txt: must be text in UTF-8, UTF-16 or GB 18030"),
    ],
)
def test_a_zip_that_breaks_a_rule_is_refused(tmp_path: Path, members: dict[str, bytes | str], says: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(tmp_path, zipped(members))
    assert caught.value.message.startswith(f"text: {says}")


@pytest.mark.parametrize(("length", "refused"), [(9, False), (10, True)])
def test_a_text_has_fewer_characters_than_its_limit(tmp_path: Path, *, length: int, refused: bool) -> None:
    for content, name in (("长" * length, "a.txt"), (zipped({"a.txt": "长" * length}), "a.zip")):
        raw = content.encode() if isinstance(content, str) else content
        if refused:
            with pytest.raises(InvalidField, match="must have fewer than 10 characters"):
                read(tmp_path, raw, name, most_each=10)
        else:
            assert len(read(tmp_path, raw, name, most_each=10)[0].text) == length


def test_all_texts_together_have_a_limit_too(tmp_path: Path) -> None:
    packed = zipped({f"{number}.txt": "长" * 9 for number in range(3)})
    assert len(read(tmp_path, packed, most=28)) == 3
    with pytest.raises(InvalidField, match="must have fewer than 27 characters in all"):
        read(tmp_path, packed, most=27)


def test_a_bomb_is_put_down_before_it_goes_off(tmp_path: Path) -> None:
    # A thousand times its size, twice over: what comes out is counted, whatever the directory says of it.
    half = zipped(
        {"a.txt": bytes(MOST_BYTES // 2 + 1), "b.txt": bytes(MOST_BYTES // 2)}, compression=zipfile.ZIP_DEFLATED
    )
    assert len(half) < MOST_BYTES / 500
    with pytest.raises(InvalidField, match="must not hold more than"):
        read(tmp_path, half)
    lying = half.replace(struct.pack("<I", MOST_BYTES // 2 + 1), struct.pack("<I", 5))
    with pytest.raises(InvalidField, match=r"is not a zip file, or is damaged|must not hold more than"):
        read(tmp_path, lying)


def listing(lines: int, *, zip64: bool) -> bytes:
    """A zip that says of itself that so many empty files are in it: 47 bytes for each."""
    line = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    size = len(line) * lines
    if not zip64:
        return line * lines + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0)
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, lines, lines, size, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, size, 1)
    most, most_lines = 0xFFFFFFFF, 0xFFFF
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, most_lines, most_lines, most, most, 0)
    return line * lines + record + locator + end


@pytest.mark.parametrize("zip64", [False, True])
def test_a_bomb_of_a_directory_is_not_even_read(tmp_path: Path, *, zip64: bool) -> None:
    with pytest.raises(InvalidField, match="a zip must hold 1 to 1000 files, not 1001"):
        read(tmp_path, listing(1001, zip64=zip64))
    path = tmp_path / "bomb"
    path.write_bytes(listing(500_000, zip64=zip64))
    tracemalloc.start()
    with pytest.raises(InvalidField, match="and a list of them of 1048576 bytes at most"):
        read_documents(path, "bomb.zip", field="text", most_each=100, most=100)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * MOST_DIRECTORY
    path.write_bytes(listing(MOST_DIRECTORY // 47, zip64=zip64))
    with pytest.raises(InvalidField, match="must hold 1 to 1000 files, not 22310"):
        read_documents(path, "bomb.zip", field="text", most_each=100, most=100)


def test_odd_ways_of_packing_are_refused(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(InvalidField, match="must be packed without a password, in the usual way"):
            read(tmp_path, zipped({"a.txt": "文"}, compression=method))
    packed = bytearray(zipped({"a.txt": "文"}))
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        packed[packed.index(signature) + flags] |= 1
    with pytest.raises(InvalidField, match="must be packed without a password"):
        read(tmp_path, bytes(packed))


@given(st.binary(max_size=400), st.integers(0, 200), st.integers(0, 255))
def test_no_damage_is_anything_but_an_answer(content: bytes, place: int, value: int) -> None:
    damaged = bytearray(zipped({"1.txt": "你好", "2.txt": content}))
    damaged[place % len(damaged)] = value
    with TemporaryDirectory() as folder:
        for raw in (bytes(damaged), content):
            with suppress(InvalidField):  # and nothing else is raised
                read(Path(folder), raw)
