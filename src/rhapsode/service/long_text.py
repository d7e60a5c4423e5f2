"""A long text, spoken passage by passage, each on the disk before the next begins.

Whatever ends the process, the work goes on behind the last passage, and what comes of it is byte for byte what it would
have been: a passage's sound depends on nothing but its own text, and is packed only when all of it is there.
"""

import shutil
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec
from anyio import to_thread

from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import Pcm, SpeechAudio, SpeechEnd, SpeechRequest
from rhapsode.jobs.archive import Entry, write_archive
from rhapsode.jobs.parts import PartWriter, read_part
from rhapsode.jobs.store import Store, bring_to_disk, disk_errors, give_up, write_whole
from rhapsode.jobs.tasks import Document, Lease, Order, Sum, Tasks
from rhapsode.service.speech import SpeechService
from rhapsode.text.passages import Passage, cut_passages

WriteNotes = Callable[[SpeechRequest, SpeechEnd], tuple[bytes, bytes]]
"""The files beside a sound: its subtitles, and what else there is to say of it."""

ItemT = TypeVar("ItemT")

_SOUND, _END = "sound", "end.json"


class LeaseLost(Exception):
    """Another process works on the task now."""


@dataclass(frozen=True, kw_only=True)
class LongText:
    """Does what tasks ask for. `directory` holds what there is so far, a folder a task. `purpose` is of the result."""

    speech: SpeechService
    tasks: Tasks
    store: Store
    directory: Path
    purpose: str
    write_notes: WriteNotes

    async def work(self, lease: Lease) -> None:
        """Do the task to its end. Raises `RequestError` or `ServiceError`, and `LeaseLost`."""
        order = await self.tasks.order(lease)
        folder = self.directory / str(lease.task.id)
        ends: list[SpeechEnd] = []
        for number, document in enumerate(order.documents):
            request = replace(order.request, script=document.script)
            ends.append(await self._document(lease, request, document, folder / f"{number:04d}"))
        if await self._deliver(lease, order, ends, folder):
            await self.forget(lease.task.id)

    async def forget(self, task_id: int) -> None:
        """Remove what there is so far."""
        await to_thread.run_sync(remove_folder, self.directory / str(task_id))

    async def _document(self, lease: Lease, request: SpeechRequest, document: Document, folder: Path) -> SpeechEnd:
        end = folder / _END
        if not await to_thread.run_sync(end.exists):
            async for passage, part in self._passages(request, folder):
                if not await to_thread.run_sync(part.exists):
                    await self._speak(request, passage, part)
                    if not await self.tasks.renew(lease, progress=True):
                        raise LeaseLost
            await self._pack(request, document, folder)
        return await to_thread.run_sync(_read_end, end)

    async def _passages(self, request: SpeechRequest, folder: Path) -> AsyncGenerator[tuple[Passage, Path]]:
        """The passages and where the sound of each is to be."""
        passages = cut_passages(request.script)
        number = 0
        while (passage := await to_thread.run_sync(_next, passages)) is not None:
            yield passage, folder / f"{number:06d}.part"
            number += 1

    async def _speak(self, request: SpeechRequest, passage: Passage, part: Path) -> None:
        writer = await to_thread.run_sync(PartWriter, part)
        try:
            asked = replace(request, script=passage.script, follows=passage.rest)
            async with aclosing(self.speech.sound(asked)) as blocks:
                async for block in blocks:
                    await to_thread.run_sync(writer.feed, block)
            await to_thread.run_sync(writer.finish)
        finally:
            writer.close()

    async def _pack(self, request: SpeechRequest, document: Document, folder: Path) -> None:
        """All of the document's sound through one encoder, from its beginning: an encoder's state cannot be kept."""
        sound = folder / _SOUND
        with disk_errors():
            file = await to_thread.run_sync(lambda: sound.open("wb"))
        try:
            async with aclosing(self.speech.pack(request, self._blocks(request, folder))) as events:
                async for event in events:
                    if isinstance(event, SpeechAudio):
                        with disk_errors():
                            await to_thread.run_sync(file.write, event.audio)
                    elif not event.size:
                        raise InvalidField(document.name or "text", "holds nothing that this engine can speak")
                    else:
                        await to_thread.run_sync(bring_to_disk, file)
                        await to_thread.run_sync(write_whole, folder / _END, msgspec.json.encode(event))
        finally:
            give_up(file)
        await to_thread.run_sync(_remove_parts, folder)

    async def _blocks(self, request: SpeechRequest, folder: Path) -> AsyncGenerator[Pcm]:
        async for passage, part in self._passages(request, folder):
            blocks = read_part(part, begin=passage.begin, pause=passage.pause)
            while (block := await to_thread.run_sync(_next, blocks)) is not None:
                yield block

    async def _deliver(self, lease: Lease, order: Order, ends: list[SpeechEnd], folder: Path) -> bool:
        total = Sum(milliseconds=sum(end.milliseconds for end in ends), size=sum(end.size for end in ends))
        async with self.store.incoming() as result:
            await to_thread.run_sync(write_archive, result, self._entries(lease, order, ends, folder))
            await result.finish()
            return await self.tasks.succeed(lease, result, f"{lease.task.id}.tar", self.purpose, total)

    def _entries(self, lease: Lease, order: Order, ends: list[SpeechEnd], folder: Path) -> Iterator[Entry]:
        for number, (document, end) in enumerate(zip(order.documents, ends, strict=True)):
            request = replace(order.request, script=document.script)
            name = f"{lease.task.id}/{document.name or f'content-{lease.task.id}'}"
            titles, extra = self.write_notes(request, end)
            yield Entry(name=f"{name}.{request.audio.format.value}", content=folder / f"{number:04d}" / _SOUND)
            yield Entry(name=f"{name}.titles", content=titles)
            yield Entry(name=f"{name}.extra", content=extra)


def remove_folder(folder: Path) -> None:
    """Remove what there was of a task. Blocks."""
    shutil.rmtree(folder, ignore_errors=True)


def _next(items: Iterator[ItemT]) -> ItemT | None:
    return next(items, None)


def _remove_parts(folder: Path) -> None:
    for part in folder.glob("*.part*"):
        part.unlink(missing_ok=True)


def _read_end(path: Path) -> SpeechEnd:
    with disk_errors():
        return msgspec.json.decode(path.read_bytes(), type=SpeechEnd)
