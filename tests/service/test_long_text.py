"""Long texts: what comes of work that is broken off, that fails, and that cannot be done."""

import asyncio
import io
import tarfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from rhapsode.accounts.keys import Accounts
from rhapsode.audio.encode import open_encoder
from rhapsode.core.errors import EngineError, EngineMissing, Overloaded, RhapsodeError
from rhapsode.core.speech import AudioFormat, AudioSetting, Pause, Pcm, SpeechRequest, TextCount
from rhapsode.core.voice import VoiceShare
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.dialects.minimax.t2a_async_result import write_notes
from rhapsode.engines.speech.tone import ToneEngine
from rhapsode.jobs.files import Files, Quota
from rhapsode.jobs.store import Store
from rhapsode.jobs.sweep import sweep_tasks
from rhapsode.jobs.tasks import Document, Lease, Order, Task, Tasks, TaskStatus
from rhapsode.service.long_text import LeaseLost, LongText
from rhapsode.service.speech import SpeechService
from rhapsode.service.task_runner import ATTEMPTS, TaskRunner
from rhapsode.voices.catalogue import load_voices

VOICES = load_voices()
STORY = "".join(f"第{number}章，他走进了房间。" for number in range(120))
SCRIPT = (STORY, Pause(milliseconds=1500), "完。")


class Troubled(ToneEngine):
    """Hums, and at its passages goes wrong as it is told: the first error at the first passage, and so on."""

    def __init__(self) -> None:
        super().__init__(VOICES)
        self.troubles: list[Exception | None] = []
        self.passages = 0

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        self.passages += 1
        if self.troubles and (trouble := self.troubles.pop(0)):
            raise trouble
        async for block in super().speak(request):
            yield block


class Watched(LongText):
    """Says whether it is at work."""

    busy = False

    async def work(self, lease: Lease) -> None:
        self.busy = True
        try:
            await super().work(lease)
        finally:
            self.busy = False


@dataclass
class Home:
    """A server's home, and a clock that is moved by hand."""

    path: Path
    engine: Troubled
    files: Files
    tasks: Tasks
    work: Watched
    group: str
    now: float = 1_700_000_000.0

    @property
    def folder(self) -> Path:
        return self.path / "tasks"

    async def take(self, *documents: Document) -> Task:
        request = SpeechRequest(
            model="speech-01",
            script=(),
            voices=(VoiceShare(voice_id=VOICES[0].id, voice=VOICES[0]),),
            audio=AudioSetting(format=AudioFormat.PCM, sample_rate=16000, streamed=True),
        )
        order = Order(request=request, documents=documents or (Document(name="", script=SCRIPT),))
        return await self.tasks.create(self.group, order, TextCount(characters=1, words=1, invisible=0))

    async def run(self, task: Task, until: Callable[[], bool] = lambda: False) -> Task:
        """Run a server's tasks until this one has ended, or something else is so; then stop as a server does."""
        runner = TaskRunner(tasks=self.tasks, long_text=self.work, parallel=1)
        running = asyncio.create_task(runner.run())
        try:
            async with asyncio.timeout(60):
                while (found := await self.tasks.find(self.group, task.id)) and not until():
                    if found.status is not TaskStatus.PROCESSING:
                        break
                    if not self.work.busy:  # a lease is renewed by the real clock: under work, this one stands
                        self.now += 0.1
                    runner.wake()
                    await asyncio.sleep(0.005)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        found = await self.tasks.find(self.group, task.id)
        assert found is not None
        return found

    async def result(self, task: Task) -> list[bytes]:
        """The files of the result."""
        file = await self.files.find(self.group, task.file_id)
        with tarfile.open(fileobj=io.BytesIO(self.files.path(file).read_bytes())) as archive:
            return [opened.read() for member in archive.getmembers() if (opened := archive.extractfile(member))]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    database = open_database(f"sqlite:///{tmp_path / 'rhapsode.db'}")
    migrate(database)
    group = Accounts(database, b"s" * 32).create_key("one").group_id
    store, engine = Store(tmp_path / "files"), Troubled()
    files = Files(database, store, quota=Quota(size=50_000_000, count=10), clock=lambda: home.now)
    tasks = Tasks(database, files, waiting=9, result_seconds=10**9, clock=lambda: home.now)
    work = Watched(
        speech=SpeechService(engine=engine, open_encoder=open_encoder),
        tasks=tasks,
        store=store,
        directory=tmp_path / "tasks",
        purpose="t2a_async",
        write_notes=write_notes,
    )
    home = Home(path=tmp_path, engine=engine, files=files, tasks=tasks, work=work, group=group)
    yield home
    database.close()


async def test_a_task_is_done_and_leaves_nothing_but_its_result(home: Home) -> None:
    task = await home.run(await home.take())
    assert (task.status, task.reason) == (TaskStatus.SUCCESS, None)
    sound = (await home.result(task))[0]
    assert task.audio_size == len(sound)
    assert task.milliseconds == pytest.approx(len(sound) / 32, abs=1)
    await sweep_tasks(home.tasks, home.folder)  # it was stopped behind the success, perhaps before it had cleared up
    assert not any(home.folder.iterdir())


async def test_a_full_disk_is_why_a_task_failed(home: Home) -> None:
    task = await home.take(Document(name="", script=("完。",)))
    sound = home.folder / str(task.id) / "0000" / "sound"
    sound.parent.mkdir(parents=True)
    sound.symlink_to("/dev/full")
    failed = await home.run(task)
    assert (failed.status, failed.reason) == (TaskStatus.FAILED, "the disk is full")


async def test_stopped_at_every_passage_it_goes_on_and_the_bytes_are_the_same(home: Home) -> None:
    whole = await home.result(await home.run(await home.take()))
    count = home.engine.passages
    assert count > 3
    broken = await home.take()
    for number in range(1, count + 1):
        goal = count + number
        stopped = await home.run(broken, until=lambda goal=goal: home.engine.passages >= goal)
        if stopped.status is not TaskStatus.PROCESSING:
            break
    ended = await home.run(broken)
    assert await home.result(ended) == whole


async def test_an_engine_that_fails_for_a_moment_is_tried_again(home: Home) -> None:
    home.engine.troubles = [EngineError("the worker died"), None, EngineError("again"), EngineError("and again")]
    task = await home.run(await home.take())
    assert task.status is TaskStatus.SUCCESS


async def test_an_engine_that_fails_for_good_makes_a_failed_task_that_says_so(home: Home) -> None:
    home.engine.troubles = [EngineError("the worker died")] * 3
    task = await home.run(await home.take())
    assert (task.status, task.reason) == (TaskStatus.FAILED, "the worker died")
    assert home.engine.passages == 3


@pytest.mark.parametrize("error", [Overloaded("too many wait"), EngineMissing("pip install it")])
async def test_a_full_queue_and_an_engine_that_is_not_there_are_waited_for(home: Home, error: Exception) -> None:
    home.engine.troubles = [error] * 10
    task = await home.run(await home.take())
    assert task.status is TaskStatus.SUCCESS


@pytest.mark.parametrize("error", [ValueError("nobody foresaw this"), RhapsodeError("nor this")])
async def test_what_nobody_foresaw_makes_a_failed_task(home: Home, error: Exception) -> None:
    home.engine.troubles = [error]
    task = await home.run(await home.take())
    assert (task.status, task.reason) == (TaskStatus.FAILED, "unknown error")
    after = await home.run(await home.take())
    assert after.status is TaskStatus.SUCCESS


async def test_a_disk_that_takes_nothing_makes_a_failed_task(home: Home) -> None:
    home.folder.write_bytes(b"no folder")
    task = await home.run(await home.take())
    assert task.status is TaskStatus.FAILED
    assert (task.reason or "").startswith("the disk cannot be used")


async def test_a_text_that_is_gone_makes_a_failed_task(home: Home) -> None:
    task = await home.take()
    for digests in home.files.store.folders():
        for digest in digests:
            home.files.store.remove(digest)
    assert (await home.run(task)).reason == "the disk cannot be used (No such file or directory)"


async def test_a_result_beyond_the_quota_makes_a_failed_task(home: Home) -> None:
    for number in range(10):
        await home.files.keep(home.group, "retrieval", "small", str(number).encode())
    task = await home.run(await home.take())
    assert task.status is TaskStatus.FAILED
    assert (task.reason or "").startswith("file: the group has 10 files, as many as it may")


async def test_a_text_that_ends_the_process_is_not_begun_for_ever(home: Home) -> None:
    task = await home.take()
    for _ in range(ATTEMPTS):
        assert await home.tasks.claim()  # and the process was killed
        home.now += 60
    ended = await home.run(task)
    assert ended.reason == f"it was begun {ATTEMPTS} times and broke off each time"
    assert home.engine.passages == 0


async def test_who_lost_the_lease_stops_and_leaves_the_work_to_the_other(home: Home) -> None:
    task = await home.take()
    first = await home.tasks.claim()
    home.now += 60
    second = await home.tasks.claim()
    assert first
    assert second
    with pytest.raises(LeaseLost):
        await home.work.work(first)
    assert home.engine.passages == 1
    await home.work.work(second)
    found = await home.tasks.find(home.group, task.id)
    assert found is not None
    assert found.status is TaskStatus.SUCCESS


async def test_servers_of_one_home_share_the_work(home: Home) -> None:
    await home.run(await home.take())
    each, home.engine.passages = home.engine.passages, 0
    taken = [await home.take() for _ in range(4)]
    runners = [TaskRunner(tasks=home.tasks, long_text=home.work, parallel=2) for _ in range(2)]
    running = [asyncio.create_task(runner.run()) for runner in runners]
    async with asyncio.timeout(60):
        while await home.tasks.under_way():  # noqa: ASYNC110  the database is what is looked at
            await asyncio.sleep(0.005)
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert home.engine.passages == 4 * each
    results = [await home.result(task) for task in taken]
    assert results == results[:1] * 4


async def test_folders_of_tasks_that_have_ended_are_swept(home: Home) -> None:
    task = await home.take()
    for name in (str(task.id), "123"):
        (home.folder / name).mkdir(parents=True)
    await sweep_tasks(home.tasks, home.folder)
    assert [folder.name for folder in home.folder.iterdir()] == [str(task.id)]
