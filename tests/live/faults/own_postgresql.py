"""A server of PostgreSQL's that a test may stop and start again: never one that others use."""

import shutil
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from pgserver.postgres_server import PostgresServer


class OwnPostgresql:
    """Made of `pgserver`, whose handle ends with the server: there is a new one at each start."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._handle: PostgresServer | None = None
        self.url = ""
        """the same after every start"""

    def start(self) -> None:
        """Returns when it takes connections."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at its import it looks for a directory that it then does without
            from pgserver.postgres_server import get_server  # noqa: PLC0415
        self._handle = get_server(self._directory, cleanup_mode="stop")
        self.url = self._handle.get_uri()

    def stop(self) -> None:
        """Connections are broken off. Does nothing where it does not run."""
        if self._handle is not None:
            self._handle.cleanup()
            self._handle = None

    @contextmanager
    def hanging(self) -> Generator[None]:
        """Its processes stand still meanwhile, and the kernel takes connections in their name."""
        first = psutil.Process(int((self._directory / "postmaster.pid").read_text(encoding="ascii").split()[0]))
        first.suspend()  # it starts no others then
        every = [first, *first.children(recursive=True)]
        for process in every[1:]:
            process.suspend()
        try:
            yield
        finally:
            for process in every:
                process.resume()

    @classmethod
    @contextmanager
    def running(cls) -> Generator[Self]:
        """One that has started, with a database that has no tables yet."""
        directory = Path(tempfile.mkdtemp(prefix="rhapsode-postgresql-"))  # not pytest's: it does not run as root
        own = cls(directory)
        try:
            own.start()
            yield own
        finally:
            own.stop()
            shutil.rmtree(directory)
