"""Tasks and the leases on them: one worker at a time, and none that holds on to what it has lost."""

from collections.abc import Sequence

import pytest

from rhapsode.core.errors import InvalidField, Overloaded, StorageError
from rhapsode.core.speech import AudioFormat, AudioSetting, Emotion, Pause, Reading, SpeechRequest, TextCount
from rhapsode.core.voice import VoiceShare
from rhapsode.database.connect import Database
from rhapsode.jobs.files import Files
from rhapsode.jobs.store import Store
from rhapsode.jobs.sweep import sweep_files
from rhapsode.jobs.tasks import LEASE_SECONDS, Document, Lease, Order, Sum, Task, Tasks, TaskStatus
from rhapsode.voices.catalogue import load_voices
from tests.jobs.conftest import Clock

Groups = tuple[str, str]
COUNT = TextCount(characters=7, words=3, invisible=0.01)
WEEK = 7 * 24 * 3600


def order(*texts: str) -> Order:
    share = VoiceShare(voice_id="v", weight=3, voice=load_voices()[0])
    request = SpeechRequest(
        model="speech-01",
        script=(),
        voices=(share,),
        emotion=Emotion.HAPPY,
        readings=(Reading(text="行", syllables=("hang2",)),),
        audio=AudioSetting(format=AudioFormat.FLAC, streamed=True),
    )
    documents = [Document(name=text, script=(text, Pause(milliseconds=10), "完")) for text in texts or ("一",)]
    return Order(request=request, documents=tuple(documents))


@pytest.fixture
def tasks(database: Database, files: Files, clock: Clock) -> Tasks:
    return Tasks(database, files, waiting=3, result_seconds=WEEK, clock=clock)


async def claimed(tasks: Tasks) -> Lease:
    lease = await tasks.claim()
    assert lease is not None
    return lease


async def status(tasks: Tasks, task: Task) -> TaskStatus:
    found = await tasks.find(task.group_id, task.id)
    assert found is not None
    return found.status


async def succeed(tasks: Tasks, store: Store, lease: Lease, content: bytes = b"sound") -> bool:
    async with store.incoming() as result:
        await result.write(content)
        await result.finish()
        return await tasks.succeed(lease, result, "1.tar", "t2a_async", Sum(milliseconds=5, size=6))


async def test_an_order_comes_back_as_it_was_given(tasks: Tasks, groups: Groups) -> None:
    task = await tasks.create(groups[0], order("一", "二"), COUNT)
    assert await tasks.find(groups[0], task.id) == task
    assert await tasks.find(groups[1], task.id) is None
    lease = await claimed(tasks)
    assert lease.task.id == task.id
    assert await tasks.order(lease) == order("一", "二")


async def test_the_oldest_of_a_group_is_begun_first_and_each_by_one(tasks: Tasks, groups: Groups, clock: Clock) -> None:
    made: list[int] = []
    for _ in range(3):
        made.append((await tasks.create(groups[0], order(), COUNT)).id)
        clock.now += 1
    leases = [await claimed(tasks) for _ in range(3)]
    assert [lease.task.id for lease in leases] == made
    assert await tasks.claim() is None


async def test_groups_take_turns(tasks: Tasks, groups: Groups, clock: Clock) -> None:
    many = [(await tasks.create(groups[0], order(), COUNT)).id for _ in range(3)]
    clock.now += 100
    one = await tasks.create(groups[1], order(), COUNT)
    first, second = await claimed(tasks), await claimed(tasks)
    assert first.task.id in many
    assert second.task.id == one.id
    await tasks.fail(second, "done")
    await tasks.fail(first, "done")
    clock.now += 1
    third = await claimed(tasks)
    await tasks.fail(third, "done")
    clock.now += 1
    late = await tasks.create(groups[1], order(), COUNT)
    assert (await claimed(tasks)).task.id == late.id  # the other group's turn was a second ago


async def test_a_lease_that_is_renewed_holds_and_one_that_is_not_is_lost(
    tasks: Tasks, groups: Groups, clock: Clock, store: Store
) -> None:
    await tasks.create(groups[0], order(), COUNT)
    first = await claimed(tasks)
    clock.now += LEASE_SECONDS - 1
    assert await tasks.renew(first)
    clock.now += LEASE_SECONDS - 1
    assert await tasks.claim() is None
    clock.now += 1
    second = await claimed(tasks)
    assert second.task.attempts == 2
    lost: Sequence[bool] = [
        await tasks.renew(first),
        await tasks.release(first),
        await tasks.fail(first, "mine"),
        await succeed(tasks, store, first),
    ]
    assert not any(lost)
    assert await succeed(tasks, store, second)


async def test_progress_is_what_makes_attempts_count_anew(tasks: Tasks, groups: Groups, clock: Clock) -> None:
    await tasks.create(groups[0], order(), COUNT)
    for attempt in (1, 2):
        lease = await claimed(tasks)
        assert lease.task.attempts == attempt
        clock.now += LEASE_SECONDS
    lease = await claimed(tasks)
    assert await tasks.renew(lease, progress=True)
    await tasks.release(lease)
    lease = await claimed(tasks)
    assert lease.task.attempts == 1
    await tasks.release(lease, seconds=9, uncounted=True)
    clock.now += 8
    assert await tasks.claim() is None
    clock.now += 1
    assert (await claimed(tasks)).task.attempts == 1


async def test_a_result_is_the_groups_file_until_its_time_is_over(
    tasks: Tasks, groups: Groups, files: Files, store: Store, clock: Clock, database: Database
) -> None:
    task = await tasks.create(groups[0], order(), COUNT)
    with pytest.raises(InvalidField, match="there is no file"):
        await files.find(groups[0], task.file_id)
    assert await succeed(tasks, store, await claimed(tasks))
    ended = await tasks.find(groups[0], task.id)
    assert ended is not None
    assert (ended.status, ended.milliseconds, ended.audio_size) == (TaskStatus.SUCCESS, 5, 6)
    file = await files.find(groups[0], task.file_id)
    assert files.path(file).read_bytes() == b"sound"
    await tasks.expire()
    sweep_files(database, store, clock=clock)
    assert [digest for folder in store.folders() for digest in folder] == [file.digest]  # the text itself is forgotten
    clock.now += WEEK
    await tasks.expire()
    assert await status(tasks, task) is TaskStatus.EXPIRED
    with pytest.raises(InvalidField, match="there is no file"):
        await files.find(groups[0], task.file_id)


async def test_a_result_beyond_the_quota_is_no_success(
    tasks: Tasks, groups: Groups, store: Store, files: Files
) -> None:
    task = await tasks.create(groups[0], order(), COUNT)
    lease = await claimed(tasks)
    with pytest.raises(InvalidField, match="may keep 1000 bytes"):
        await succeed(tasks, store, lease, b"x" * 1001)
    assert await status(tasks, task) is TaskStatus.PROCESSING
    assert await tasks.fail(lease, "too much" * 1000)
    ended = await tasks.find(groups[0], task.id)
    assert ended is not None
    assert (ended.status, len(ended.reason or "")) == (TaskStatus.FAILED, 500)
    assert await files.list(groups[0]) == []


async def test_a_group_may_have_so_many_under_way(tasks: Tasks, groups: Groups) -> None:
    for _ in range(3):
        await tasks.create(groups[0], order(), COUNT)
    with pytest.raises(Overloaded, match="3 long texts of the group are under way"):
        await tasks.create(groups[0], order(), COUNT)
    await tasks.fail(await claimed(tasks), "gone")
    await tasks.create(groups[1], order(), COUNT)
    await tasks.create(groups[0], order(), COUNT)


async def test_the_text_of_a_task_is_content_that_the_sweep_leaves(
    tasks: Tasks, groups: Groups, store: Store, database: Database
) -> None:
    await tasks.create(groups[0], order(), COUNT)
    assert sweep_files(database, store) == 0
    lease = await claimed(tasks)
    (digest,) = [digest for folder in store.folders() for digest in folder]
    store.path(digest).write_bytes(b"{}")
    with pytest.raises(StorageError, match="the text is damaged"):
        await tasks.order(lease)
    store.path(digest).unlink()
    with pytest.raises(StorageError, match="the disk cannot be used"):
        await tasks.order(lease)
