"""Files of the groups: what is kept, who sees it, and what is left on the disk."""

import hashlib
import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from rhapsode.core.errors import InvalidField, StorageError
from rhapsode.database.connect import Database
from rhapsode.jobs.files import Files
from rhapsode.jobs.store import STALE_SECONDS, Store, disk_errors
from rhapsode.jobs.sweep import sweep_files
from tests.jobs.conftest import Clock

Groups = tuple[str, str]


def on_disk(store: Store) -> set[bytes]:
    return {digest for folder in store.folders() for digest in folder}


async def test_content_is_kept_under_its_digest_and_found_by_its_group_alone(files: Files, groups: Groups) -> None:
    kept = await files.keep(groups[0], "retrieval", "../../etc/passwd", b"hello")
    assert kept.digest == hashlib.sha256(b"hello").digest()
    assert (kept.size, len(str(kept.id))) == (5, 15)
    assert await files.find(groups[0], kept.id) == kept
    assert files.path(kept).read_bytes() == b"hello"
    with pytest.raises(InvalidField, match=rf"text_file_id: there is no file {kept.id}"):
        await files.find(groups[1], kept.id, field="text_file_id")


@pytest.mark.parametrize("file_id", [0, -1, 1, 2**63, 2**80])
async def test_an_id_of_nobody_is_no_file(files: Files, groups: Groups, file_id: int) -> None:
    with pytest.raises(InvalidField, match="there is no file"):
        await files.find(groups[0], file_id)


async def test_content_may_come_in_parts(files: Files, groups: Groups) -> None:
    async def parts() -> AsyncGenerator[bytes]:
        for part in (b"a", b"", b"bc"):
            yield part

    kept = await files.keep(groups[0], "p", "name", parts())
    assert files.path(kept).read_bytes() == b"abc"


async def test_equal_content_is_there_once_and_goes_with_its_last_name(
    files: Files, groups: Groups, store: Store
) -> None:
    one = await files.keep(groups[0], "p", "one", b"same")
    other = await files.keep(groups[1], "p", "other", b"same")
    assert on_disk(store) == {one.digest}
    await files.delete(groups[0], one.id)
    assert files.path(other).read_bytes() == b"same"
    await files.delete(groups[1], other.id, "p")
    assert on_disk(store) == set()
    with pytest.raises(InvalidField, match="there is no file"):
        await files.delete(groups[1], other.id)


async def test_a_file_is_deleted_for_its_own_purpose_alone(files: Files, groups: Groups) -> None:
    kept = await files.keep(groups[0], "voice_clone", "a.wav", b"x")
    with pytest.raises(InvalidField, match=r"purpose: file .* has another one: voice_clone"):
        await files.delete(groups[0], kept.id, "retrieval")


async def test_a_list_is_of_one_purpose_and_one_group(files: Files, groups: Groups, clock: Clock) -> None:
    first = await files.keep(groups[0], "p", "first", b"1")
    other = await files.keep(groups[0], "q", "of another purpose", b"2")
    await files.keep(groups[1], "p", "of another group", b"3")
    clock.now += 1
    second = await files.keep(groups[0], "p", "second", b"4")
    assert await files.list(groups[0], "p") == [first, second]
    assert sorted(await files.list(groups[0]), key=str) == sorted([first, other, second], key=str)


async def test_a_group_may_keep_so_many_bytes_and_files(files: Files, groups: Groups, store: Store) -> None:
    await files.keep(groups[0], "p", "big", b"x" * 900)
    with pytest.raises(InvalidField, match="may keep 1000 bytes and has 900"):
        await files.keep(groups[0], "p", "too much", b"y" * 101)
    assert len(on_disk(store)) == 1
    for _ in range(4):
        await files.keep(groups[0], "p", "small", b"z")
    with pytest.raises(InvalidField, match="has 5 files, as many as it may"):
        await files.keep(groups[0], "p", "one more", b"")
    await files.keep(groups[1], "p", "of the other group", b"y" * 101)
    assert not list(store.path(b"?").parent.parent.joinpath("incoming").iterdir())


async def test_a_file_expires_and_the_sweep_takes_its_content(
    files: Files, groups: Groups, clock: Clock, database: Database, store: Store
) -> None:
    short = await files.keep(groups[0], "p", "short", b"short", expires_in=60)
    long = await files.keep(groups[0], "p", "long", b"long")
    clock.now += 59
    assert await files.find(groups[0], short.id) == short
    clock.now += 1
    with pytest.raises(InvalidField, match="there is no file"):
        await files.find(groups[0], short.id)
    assert await files.list(groups[0], "p") == [long]
    assert sweep_files(database, store, clock=clock) == 1
    assert on_disk(store) == {long.digest}


async def test_what_killed_processes_left_is_swept(
    files: Files, groups: Groups, database: Database, store: Store
) -> None:
    kept = await files.keep(groups[0], "p", "kept", b"kept")
    async with store.incoming() as between:  # put in its place, and the process was killed before the row was there
        await between.write(b"without a name")
        await between.finish()
        store.adopt(between)
    async with store.incoming() as late, store.incoming() as fresh:
        long_ago = late.path.stat().st_mtime - STALE_SECONDS - 1
        os.utime(late.path, (long_ago, long_ago))
        assert sweep_files(database, store) == 1
        assert on_disk(store) == {kept.digest}
        assert not late.path.exists()
        assert fresh.path.exists()


async def test_content_that_is_gone_from_the_disk_is_an_error_of_ours(files: Files, groups: Groups) -> None:
    kept = await files.keep(groups[0], "p", "name", b"x")
    files.path(kept).unlink()
    with pytest.raises(StorageError, match="is gone from the disk"):
        files.path(kept)
    again = await files.keep(groups[0], "p", "name", b"x")
    assert replace(again, id=kept.id, created_at=kept.created_at) == kept
    assert files.path(kept).read_bytes() == b"x"


def test_a_disk_that_is_full_is_told_so() -> None:
    with pytest.raises(StorageError, match="the disk is full"), disk_errors():
        Path("/dev/full").write_bytes(b"x")
    with pytest.raises(StorageError, match="the disk cannot be used"), disk_errors():
        Path("/dev/null/x").write_bytes(b"x")
