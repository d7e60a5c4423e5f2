"""The home: whether it can be used, who else may read it, and whether what stands in its settings is right."""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import msgspec

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok, warn
from rhapsode.core.errors import SettingsError
from rhapsode.engines.options import read_options
from rhapsode.engines.registry import CHAT, EMBED, SPEECH
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.settings.shape import EngineSetting, Settings

_OTHERS = 0o077


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
    return [ok("home", words.HOME, path=str(home.path)), *_check_rights(home)]


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


def _check_rights(home: Home) -> list[Finding]:
    if os.name != "posix":
        return []
    kept = (home.path, home.secret_file, home.credentials_file, home.path / "rhapsode.db")
    open_to_others = [path for path in kept if _mode(path) & _OTHERS]
    # What lies in a home that is closed to others nobody can reach.
    if not _mode(home.path) & _OTHERS or not open_to_others:
        return [ok("home rights", words.RIGHTS)]
    paths = " ".join(map(str, open_to_others))
    return [warn("home rights", words.RIGHTS_OPEN, words.RIGHTS_FIX, paths=paths)]


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _wrong(engines: Mapping[str, EngineSetting], table: Mapping[str, str]) -> list[str]:
    """What is wrong with the options of engines. Those whose packages are not installed are not looked at."""
    found: list[str] = []
    for name, setting in engines.items():
        if setting.kind not in table:
            found.append(f"engine {name}: there is no kind {setting.kind[:80]!r}; there are {', '.join(sorted(table))}")
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
