"""What lies in the home's `models/`: what came, what came in part, and taking it away."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rhapsode.core.errors import SettingsError, StorageError
from rhapsode.models.catalogue import find_entry, installed_file, is_path, places_of
from rhapsode.models.entry import Model, UpstreamSource, WheelSource
from rhapsode.models.hub import kept_at, kept_names, read_reference
from rhapsode.models.part import part_files


@dataclass(frozen=True, kw_only=True)
class Item:
    """A model that has a name: an `entry` of the catalogue, or a file that was pulled by its hub's name.

    `path` is None where it is not here; `came` is then how many bytes an earlier pull has left.
    """

    name: str
    entry: Model | None
    path: Path | None
    came: int = 0


def list_models(directory: Path, known: Sequence[Model]) -> list[Item]:
    """Those of the catalogue, here or not, and then the others that are here."""
    others = [(name, read_reference(name)) for name in kept_names(directory)]
    return [
        *(look_up(entry, directory) for entry in known),
        *(_item(name, None, (kept_at(wanted, directory),)) for name, wanted in others if wanted is not None),
    ]


def look_up(entry: Model, directory: Path) -> Item:
    """Where a model of the catalogue is."""
    return _item(entry.name, entry, places_of(entry, directory))


def removable(name: str, directory: Path, known: Sequence[Model] | None = None) -> list[Path]:
    """The files that removing a model would remove. Raises `SettingsError` where there are none."""
    if is_path(name):
        raise SettingsError(f"{name[:200]} is a path: only models that were pulled are removed by name")
    if (wanted := read_reference(name)) is not None:
        target = kept_at(wanted, directory)
    else:
        entry = find_entry(name, known)
        if isinstance(entry.source, UpstreamSource):
            raise SettingsError(f"{entry.name} is served by an upstream: nothing of it is on this machine")
        target = directory / entry.source.file
    found = [path for path in (target, *part_files(target)) if path.is_file()]
    if not found:
        raise SettingsError(_why_nothing(name, known))
    return found


def remove(paths: Sequence[Path], directory: Path) -> int:
    """Remove the files, and the folders below `directory` that are empty then. Gives the bytes that are free again.

    Raises `StorageError`.
    """
    freed = 0
    try:
        for path in paths:
            freed += path.stat().st_size
            path.unlink()
    except OSError as fault:
        raise StorageError(f"{fault.filename} cannot be removed: {fault.strerror}") from fault
    folder = paths[0].parent
    with suppress(OSError):  # the first folder that holds something else
        while folder != directory and folder.is_relative_to(directory):
            folder.rmdir()
            folder = folder.parent
    return freed


def _item(name: str, entry: Model | None, places: Sequence[Path]) -> Item:
    path = next((path for path in places if path.is_file()), None)
    came = 0
    if path is None and places:
        part, _ = part_files(places[-1])
        came = part.stat().st_size if part.is_file() else 0
    return Item(name=name, entry=entry, path=path, came=came)


def _why_nothing(name: str, known: Sequence[Model] | None) -> str:
    if read_reference(name) is None:
        entry = find_entry(name, known)
        if isinstance(entry.source, WheelSource) and (path := installed_file(entry.source)) and path.is_file():
            package = entry.source.requirement.partition("==")[0]
            return f"{entry.name} belongs to the package {package}: remove it with pip uninstall {package}"
    return f"{name[:200]} is not on this machine: rhapsode models list shows what is"
