"""The work of `rhapsode say`: the text from where it is, the sound to where it goes, whole or not at all."""

import errno
import json
import os
import sys
from pathlib import Path

from rhapsode.cli.mp3_length import mp3_seconds
from rhapsode.cli.screen import Screen, open_screen
from rhapsode.cli.target import open_speaker
from rhapsode.client import Speech, SpeechOptions
from rhapsode.core.errors import InvalidField, StorageError
from rhapsode.settings.home import find_home

STANDARD = "-"


def run_say(
    text: str, output: str, options: SpeechOptions, *, base_url: str | None, home: Path | None, as_json: bool
) -> None:
    """Speak `text` into `output`. Raises RhapsodeError, and then there is no file that was not there before."""
    screen = open_screen()
    if output == STANDARD and sys.stdout.isatty():
        raise InvalidField("", screen.words.sound_to_terminal)
    spoken = (sys.stdin.read() if text == STANDARD else text).strip()
    if not spoken:
        raise InvalidField("", screen.words.nothing_to_say)
    _require_place(output, screen)
    with open_speaker(screen, find_home(home, os.environ), base_url) as speaker, screen.busy(screen.words.speaking):
        speech = speaker.speak(spoken, options)
    place = _write(speech, output, screen)
    _report(speech, place, screen, as_json=as_json)


def _require_place(output: str, screen: Screen) -> None:
    """Speaking takes its time: what will fail at its end should fail before."""
    if output != STANDARD and not Path(output).resolve().parent.is_dir():
        raise StorageError(screen.words.cannot_write.format(path=output, reason=os.strerror(errno.ENOENT)))


def _write(speech: Speech, output: str, screen: Screen) -> Path | None:
    """Where the file is; None for standard output."""
    try:
        if output != STANDARD:
            return speech.save(output)
        sys.stdout.buffer.write(speech.audio)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise  # whoever read it has enough: no error of ours
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(screen.words.cannot_write.format(path=output, reason=reason)) from error
    return None


def _report(speech: Speech, place: Path | None, screen: Screen, *, as_json: bool) -> None:
    """Length and size, where they do not mix with the sound."""
    seconds, size = mp3_seconds(speech.audio), len(speech.audio)
    console = screen.err if place is None else screen.out
    if as_json:
        rounded = None if seconds is None else round(seconds, 3)
        facts = {"path": place and str(place), "seconds": rounded, "bytes": size, "trace_id": speech.trace_id}
        line = json.dumps(facts, ensure_ascii=False)
    elif seconds is None:
        line = screen.words.saved_without_length.format(path=place or STANDARD, size=size)
    else:
        line = screen.words.saved.format(path=place or STANDARD, seconds=seconds, size=size)
    console.print(line, markup=False, soft_wrap=True)
