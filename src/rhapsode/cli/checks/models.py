"""The models that the settings name: whether each is here, whole, and the one that was meant."""

from collections.abc import Iterator
from pathlib import Path

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok
from rhapsode.core.errors import EngineMissing, SettingsError
from rhapsode.engines.chat.gguf import read_facts
from rhapsode.models.catalogue import find_entry, find_model, is_path
from rhapsode.models.digest import is_meant
from rhapsode.models.entry import Model, UpstreamSource
from rhapsode.models.hub import read_reference
from rhapsode.settings.shape import Settings

_LLAMA = "llama"


def uses_llama(settings: Settings) -> bool:
    """Whether any engine holds a model in this machine's memory."""
    return any(True for _ in _names(settings))


def memory_of(settings: Settings) -> int:
    """About how many bytes the models of the settings take. What the catalogue does not know counts as its file."""
    return sum(entry.memory for name in _names(settings) if (entry := _entry(name)) is not None)


def check_models(settings: Settings, directory: Path) -> list[Finding]:
    """One finding a model. Reads each whole, to see that it is the one that the catalogue means."""
    return [_check(name, directory) for name in dict.fromkeys(_names(settings))]


def _check(name: str, directory: Path) -> Finding:
    check = f"model {name}"
    try:
        path = find_model(name, directory=directory)
    except (EngineMissing, SettingsError) as error:
        by_path = is_path(name) or isinstance(error, SettingsError)
        fix = words.MODEL_NAME_FIX if by_path else words.MODEL_FIX
        return fail(check, words.MODEL_ABSENT, fix, name=name, reason=error.message)
    try:
        read_facts(path)
    except SettingsError as error:
        return fail(check, words.MODEL_UNREADABLE, words.MODEL_UNREADABLE_FIX, reason=error.message)
    size = path.stat().st_size
    facts = {"name": name, "path": str(path), "size_mb": round(size / 1e6)}
    entry = _entry(name)
    if entry is None or isinstance(entry.source, UpstreamSource) or entry.source.sha256 is None:
        return ok(check, words.MODEL_UNCHECKED, **facts)
    if is_meant(path, entry.size, entry.source.sha256):
        return ok(check, words.MODEL, **facts)
    return fail(check, words.MODEL_OTHER, words.MODEL_OTHER_FIX, **facts)


def _names(settings: Settings) -> Iterator[str]:
    """The models of the engines that load one."""
    for setting in (*settings.chat.engines.values(), *settings.embed.engines.values()):
        if setting.kind == _LLAMA:
            name = setting.options.get("model", "default")
            yield name if isinstance(name, str) else ""


def _entry(name: str) -> Model | None:
    if is_path(name) or read_reference(name) is not None:
        return None
    try:
        return find_entry(name)
    except SettingsError:
        return None
