"""The sound of a passage on disk, and archives."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from rhapsode.core.errors import StorageError
from rhapsode.core.speech import Mark, Pcm
from rhapsode.jobs.archive import Entry, write_archive
from rhapsode.jobs.parts import PartWriter, read_part
from rhapsode.jobs.store import Store

RATE = 1000


def sound(count: int) -> bytes:
    return np.arange(count, dtype="<f4").tobytes()


def write(path: Path, *blocks: Pcm) -> None:
    writer = PartWriter(path)
    for block in blocks:
        writer.feed(block)
    writer.finish()
    writer.close()


def test_sound_and_marks_come_back_moved_to_their_place(tmp_path: Path) -> None:
    path = tmp_path / "task" / "000000.part"
    blocks = [
        Pcm(rate=RATE, samples=sound(1500), marks=(Mark(at=0, begin=0, end=3),)),
        Pcm(rate=RATE, samples=sound(1000), marks=(Mark(at=900, begin=3, end=5), Mark(at=999, begin=5, end=9))),
    ]
    write(path, *blocks)
    read = list(read_part(path, begin=100, pause=0))
    assert [block.rate for block in read] == [RATE] * 2
    assert b"".join(block.samples for block in read) == sound(1500) + sound(1000)
    assert [(number, mark) for number, block in enumerate(read) for mark in block.marks] == [
        (0, Mark(at=0, begin=100, end=103)),
        (1, Mark(at=400, begin=103, end=105)),
        (1, Mark(at=499, begin=105, end=109)),
    ]
    assert [file.name for file in path.parent.iterdir()] == ["000000.part"]


def test_a_pause_is_silence_to_the_sample(tmp_path: Path) -> None:
    write(tmp_path / "a.part", Pcm(rate=RATE, samples=sound(1)))
    read = list(read_part(tmp_path / "a.part", begin=0, pause=99_990))
    assert b"".join(block.samples for block in read) == bytes(99_990 * 4) + sound(1)
    assert max(len(block.samples) for block in read) == 2 * RATE * 4


def test_no_sound_is_no_block_and_no_pause(tmp_path: Path) -> None:
    write(tmp_path / "a.part")
    assert list(read_part(tmp_path / "a.part", begin=0, pause=50)) == []


def test_a_part_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path / "a.part")
    writer.feed(Pcm(rate=RATE, samples=sound(5)))
    assert not (tmp_path / "a.part").exists()
    writer.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 8, bytes(8), b"{}" + (2).to_bytes(8, "little"), bytes(64)])
def test_damage_is_an_error_of_ours(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "a.part").write_bytes(damage)
    with pytest.raises(StorageError, match=r"a\.part: the sound so far is damaged"):
        list(read_part(tmp_path / "a.part", begin=0, pause=0))
    with pytest.raises(StorageError, match="the disk cannot be used"):
        list(read_part(tmp_path / "gone.part", begin=0, pause=0))


async def test_an_archive_is_the_same_bytes_for_the_same_content(tmp_path: Path, store: Store) -> None:
    lying = tmp_path / "sound"
    lying.write_bytes(b"s" * 5000)
    entries = [
        Entry(name="1/content-书.mp3", content=lying),
        Entry(name=f"1/{'长' * 60}.titles", content=b"[]"),
        Entry(name="1/empty", content=b""),
    ]
    made: list[bytes] = []
    for _ in range(2):
        async with store.incoming() as incoming:
            write_archive(incoming, entries)
            await incoming.finish()
            made.append(incoming.path.read_bytes())
            assert incoming.size == len(made[-1])
    assert made[0] == made[1]
    with tarfile.open(fileobj=io.BytesIO(made[0]), errorlevel=2) as archive:
        read = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        assert {name: file.read() for name, file in read.items() if file} == {
            "1/content-书.mp3": b"s" * 5000,
            f"1/{'长' * 60}.titles": b"[]",
            "1/empty": b"",
        }
