"""A pull as it is seen: a bar at a terminal, a few lines elsewhere."""

from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from rhapsode.cli.screen import Screen
from rhapsode.cli.sizes import in_bytes
from rhapsode.models.events import (
    Begun,
    CheckingPart,
    Done,
    Installing,
    Moved,
    Present,
    PullEvent,
    Retrying,
    WaitingForAnother,
)

_STEPS = 10
"""lines that say how far it is, where there is no bar"""


class PullView:
    """Tells the events of one pull, between entering and leaving."""

    def __init__(self, screen: Screen, name: str) -> None:
        self._screen = screen
        self._name = name
        self._size: int | None = None
        self._step = 0
        self._has_begun = False
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        if self._screen.err.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
            times = (TransferSpeedColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, *times, console=self._screen.err, transient=True)
            self._task = self._bar.add_task(self._name, total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._has_begun and kind is KeyboardInterrupt:
            self._screen.note(self._screen.words.pull_kept)

    def tell(self, event: PullEvent) -> None:
        """Show it."""
        words, note = self._screen.words, self._screen.note
        match event:
            case Present():
                note(words.model_is_present.format(name=self._name, path=event.path))
            case Done():
                note(words.model_is_done.format(name=self._name, path=event.path))
            case Installing():
                note(words.installing.format(requirement=event.requirement))
            case WaitingForAnother():
                note(words.waiting_for_another)
            case CheckingPart():
                note(words.checking_part.format(size=in_bytes(event.size)))
            case Retrying():
                note(words.retrying.format(reason=event.reason, seconds=event.seconds))
            case Begun():
                self._begin(event)
            case Moved():
                self._move(event.have)

    def _begin(self, event: Begun) -> None:
        self._size = event.size
        self._has_begun = True
        if self._bar is not None:
            self._bar.update(self._task, total=event.size, completed=event.have)
        elif event.size is not None:
            self._step = _STEPS * event.have // max(event.size, 1)
            self._say_how_far(event.have)

    def _move(self, have: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=have)
        elif self._size is not None and (step := _STEPS * have // max(self._size, 1)) > self._step:
            self._step = step
            self._say_how_far(have)

    def _say_how_far(self, have: int) -> None:
        words = self._screen.words
        self._screen.note(words.so_much_is_here.format(have=in_bytes(have), size=in_bytes(self._size or 0)))
