"""SIGTERM, gently: the door shuts, what runs may finish, then the process ends."""

import time
from types import FrameType

import uvicorn

from rhapsode.service.admission import Admission

SECONDS = 30.0
"""How long the calls in flight may take to finish by themselves."""

LAST_SECONDS = 2.0
"""How long those that did not may then take to tell their callers."""


class DrainingServer(uvicorn.Server):
    """A server that still listens while it drains, so that a late caller is told why it is refused.

    The first SIGTERM or SIGINT drains; a second one ends the process without waiting.
    """

    def __init__(self, config: uvicorn.Config, admission: Admission, *, seconds: float = SECONDS) -> None:
        super().__init__(config)
        self._admission = admission
        self._seconds = seconds
        self._deadline = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What a signal does."""
        del sig, frame
        if self._admission.draining:
            self.should_exit = self.force_exit = True
        if not self._admission.draining:
            self._deadline = time.monotonic() + self._seconds
        self._admission.drain()

    async def on_tick(self, counter: int) -> bool:
        """Asked ten times a second whether to end."""
        if await super().on_tick(counter):
            return True
        if self._admission.draining and not self._admission.in_flight:
            return True
        late = time.monotonic() - self._deadline
        if late > 0:
            self._admission.abandon()
        return late > LAST_SECONDS
