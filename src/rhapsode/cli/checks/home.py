"""The home: whether it can be used, who else may read it, and whether what stands in its settings is right."""

import os
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import msgspec

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok, warn
from rhapsode.core.errors import SettingsError
from rhapsode.engines.options import read_options
from rhapsode.engines.registry import CHAT, EMBED, SHARED, SPEECH
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.settings.shape import EngineSetting, Settings

_OTHERS = 0o077
_WRITE = 0o022
_PRIVATE = (
    "secret",
    "credentials.toml",
    "credentials.toml.old",
    "rhapsode.db",
    "rhapsode.db-wal",
    "chat_history",
    "files",
    "tasks",
)
"""what is made for its owner alone"""


def check_home(home: Home) -> list[Finding]:
    """Whether it takes files, and keeps them to its owner. It is not made here."""
    if not home.path.exists():
        place = next(path for path in home.path.parents if path.exists())
        if not os.access(place, os.W_OK | os.X_OK):
            return [fail("home", words.HOME_CANNOT_BE_MADE, words.HOME_FIX, path=str(home.path), place=str(place))]
        return [ok("home", words.HOME_ABSENT, path=str(home.path))]
    try:
        home.prepare()
    except SettingsError as error:
        return [fail("home", words.HOME_UNUSABLE, words.HOME_FIX, reason=error.message)]
    return [ok("home", words.HOME, path=str(home.path)), *_check_folders(home), *_check_rights(home)]


def check_settings(home: Home) -> tuple[Settings | None, list[Finding]]:
    """The settings, if they can be read, and what is wrong with them."""
    try:
        settings = read_settings(home.settings_file)
        wrong = [*_wrong(settings.chat.engines, CHAT), *_wrong(settings.speech.engines, SPEECH)]
        wrong += _wrong(settings.embed.engines, EMBED)
    except SettingsError as error:
        return None, [fail("settings", words.SETTINGS_WRONG, words.SETTINGS_FIX, reason=error.message)]
    if wrong:
        return settings, [fail("settings", words.SETTINGS_WRONG, words.SETTINGS_FIX, reason=why) for why in wrong]
    said = words.SETTINGS if home.settings_file.exists() else words.SETTINGS_ABSENT
    return settings, [ok("settings", said, path=str(home.settings_file))]


def _check_folders(home: Home) -> list[Finding]:
    """Those in the home that a server writes to, where they are there already. Models may lie where nobody writes."""
    found: list[Finding] = []
    for path in (home.files, home.tasks, home.models):
        try:
            if path.exists() and path != home.models:
                tempfile.TemporaryFile(dir=path).close()
            elif path.exists():
                next(path.iterdir(), None)
        except OSError as error:
            reason = error.strerror or str(error)
            found.append(fail(f"home {path.name}", words.FOLDER, words.FOLDER_FIX, path=str(path), reason=reason))
    return found


def _check_rights(home: Home) -> list[Finding]:
    """What others can read of a home that they can look into, and whether they could put files of theirs in it."""
    if os.name != "posix":
        return []
    theirs = _mode(home.path) & _OTHERS
    private = [home.path / name for name in _PRIVATE] if theirs else []  # else nobody gets to them
    open_to_others = [path for path in private if _mode(path) & _OTHERS]
    if theirs & _WRITE:
        open_to_others.insert(0, home.path)
    if not open_to_others:
        return [ok("home rights", words.RIGHTS)]
    paths = " ".join(map(str, open_to_others))
    return [warn("home rights", words.RIGHTS_OPEN, words.RIGHTS_FIX, paths=paths)]


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _wrong(engines: Mapping[str, EngineSetting], table: Mapping[str, str]) -> list[str]:
    """What is wrong with the kinds of engines, and with the options of what holds a model: `engines.py` opens others.

    Those whose packages are not installed are not looked at.
    """
    found: list[str] = []
    for name, setting in engines.items():
        if setting.kind not in table:
            found.append(f"engine {name}: there is no kind {setting.kind[:80]!r}; there are {', '.join(sorted(table))}")
            continue
        if setting.kind not in SHARED and table is not SPEECH:
            continue
        try:
            module: object = import_module(table[setting.kind].partition(":")[0])
        except ModuleNotFoundError:
            continue
        options: object = getattr(module, "Options", None)
        if isinstance(options, type) and issubclass(options, msgspec.Struct):
            try:
                read_options(setting.options, options, kind=setting.kind)
            except SettingsError as error:
                found.append(f"engine {name}: {error.message}")
    return found
