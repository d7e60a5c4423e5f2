"""SIGTERM, gently: the door shuts, what runs may finish, then the process ends."""

import time
from types import FrameType

import uvicorn

from rhapsode.service.admission import Admission

SECONDS = 30.0
"""How long the calls in flight may take to finish."""


class DrainingServer(uvicorn.Server):
    """A server that still listens while it drains, so that a late caller is told why it is refused.

    The first SIGTERM or SIGINT drains; a second one ends the process without waiting.
    """

    def __init__(self, config: uvicorn.Config, admission: Admission) -> None:
        super().__init__(config)
        self._admission = admission
        self._deadline = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What a signal does."""
        del sig, frame
        if self._admission.draining:
            self.should_exit = self.force_exit = True
        self._deadline = time.monotonic() + SECONDS
        self._admission.drain()

    async def on_tick(self, counter: int) -> bool:
        """Asked ten times a second whether to end."""
        drained = self._admission.draining and not self._admission.in_flight
        return drained or time.monotonic() > self._deadline or await super().on_tick(counter)
