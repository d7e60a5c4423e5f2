"""AAC through an ffmpeg executable: frames of ADTS, one process a stream."""

import shutil
import subprocess
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from typing import IO, Final, cast

from rhapsode.core.errors import EngineError, NotSupported
from rhapsode.core.speech import AudioSetting

_PATIENCE_SECONDS: Final = 20.0
"""how long ffmpeg may take for one block, which it packs in milliseconds, before it is ended"""
_READ_BYTES: Final = 65536
_NO_FFMPEG: Final = "aac needs an ffmpeg executable on the server's PATH: install it, or ask for mp3, wav, pcm or flac"


class AacPacker:
    """One AAC-LC stream. ffmpeg puts 1024 samples of silence before the sound, once.

    Raises `NotSupported` where there is no ffmpeg, when made; `EngineError` where it fails, later. Every method blocks.
    """

    def __init__(self, setting: AudioSetting) -> None:
        ffmpeg = shutil.which("ffmpeg")
        if ffmpeg is None:
            raise NotSupported("output_format", _NO_FFMPEG)
        self._command = [
            ffmpeg, "-nostdin", "-v", "quiet", "-f", "s16le", "-ar", str(setting.sample_rate),
            "-ac", str(setting.channels), "-i", "pipe:0", "-c:a", "aac", "-b:a", str(setting.bitrate),
            "-f", "adts", "-flush_packets", "1", "pipe:1",
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: Thread | None = None
        self._packed: SimpleQueue[bytes] = SimpleQueue()

    def pack(self, samples: bytes) -> bytes:
        """Little-endian 16-bit samples to whole frames: those that ffmpeg has given until now."""
        if not samples:
            return b""
        if self._process is None:  # not when made: who makes a packer may be cancelled before it holds it
            self._process = self._start()
        with _Patience(self._process):
            try:
                _write(_pipe(self._process.stdin), samples)
            except OSError as error:
                raise EngineError(f"ffmpeg ended while it packed sound (status {self._process.poll()})") from error
        return self._take()

    def finish(self) -> bytes:
        """The rest; nothing where there was no sound."""
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return b""
        with _Patience(process):
            _pipe(process.stdin).close()
            reader.join()
            status = process.wait()
        self.close()
        if status != 0:
            raise EngineError(f"ffmpeg could not pack sound (status {status})")
        return self._take()

    def close(self) -> None:
        """End the process, if it runs, and wait for its end."""
        process, reader = self._process, self._reader
        self._process = self._reader = None
        if process is not None and reader is not None:
            process.kill()
            process.wait()
            reader.join()
            _pipe(process.stdin).close()
            _pipe(process.stdout).close()

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(  # noqa: S603 - the path comes from PATH, the options are figures
                self._command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt at the terminal is the server's business
            )
        except OSError as error:
            raise EngineError(f"ffmpeg could not be started ({error.strerror})") from error
        # What it gives is read as it comes: with a full pipe it would take no more.
        self._reader = Thread(target=_read, args=(_pipe(process.stdout), self._packed), daemon=True)
        self._reader.start()
        return process

    def _take(self) -> bytes:
        parts: list[bytes] = []
        while True:
            try:
                parts.append(self._packed.get_nowait())
            except Empty:
                return b"".join(parts)


class _Patience(Timer):
    """Ends a process that does not go on, so that nobody waits for it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(_PATIENCE_SECONDS, process.kill)
        self.daemon = True

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.cancel()


def _read(stdout: IO[bytes], packed: SimpleQueue[bytes]) -> None:
    while data := stdout.read(_READ_BYTES):
        packed.put(data)


def _write(stdin: IO[bytes], samples: bytes) -> None:
    rest = memoryview(samples)
    while rest:  # a write that a signal interrupts takes a part
        rest = rest[stdin.write(rest) :]


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """One that the process was started with."""
    return cast("IO[bytes]", pipe)
