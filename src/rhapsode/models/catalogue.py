"""The models that are known by name, and where their files are on this machine."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from rhapsode.core.errors import EngineMissing, ModelMissing, SettingsError
from rhapsode.models.entry import Model, UpstreamSource, WheelSource
from rhapsode.models.hub import kept_at, read_reference


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[Model, ...]


_GGUF: Final = ".gguf"


@cache
def models() -> tuple[Model, ...]:
    """All of them."""
    data = files("rhapsode.models").joinpath("catalogue.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Catalogue).model


def find_entry(name: str, known: Sequence[Model] | None = None) -> Model:
    """The entry of a name or an alias, of the whole catalogue unless `known` is given. Raises `SettingsError`."""
    known = models() if known is None else known
    for model in known:
        if name == model.name or name in model.aliases:
            return model
    names = ", ".join(name for model in known for name in (model.name, *model.aliases))
    raise SettingsError(
        f"there is no model {name[:80]!r}; there are {names}, or give the path of a GGUF file,"
        f" or hf:OWNER/REPO/FILE.gguf or ms:OWNER/REPO/FILE.gguf"
    )


def find_model(name: str, *, directory: Path, known: Sequence[Model] | None = None) -> Path:
    """The file of a model: a path to a GGUF is taken as it is; `directory` is where pulled models lie.

    Raises `ModelMissing`, or `EngineMissing` for a path, when the file is not there; `SettingsError` for a name that is
    not known, or whose model no file of this machine can hold.
    """
    if is_path(name):
        path = Path(name).expanduser()
        if not path.is_file():
            raise EngineMissing(f"there is no file {path}")
        return path
    if (wanted := read_reference(name)) is not None:
        places = (kept_at(wanted, directory),)
    else:
        entry = find_entry(name, known)
        if isinstance(entry.source, UpstreamSource):
            raise SettingsError(f"{entry.name} is served by an upstream: rhapsode models show {entry.name} says how")
        places = places_of(entry, directory)
    for path in places:
        if path.is_file():
            return path
    raise ModelMissing(name)


def is_path(name: str) -> bool:
    """Whether a name means a file of this machine by its path."""
    return name.lower().endswith(_GGUF) and not name.lower().startswith(("hf:", "ms:"))


def places_of(entry: Model, directory: Path) -> tuple[Path, ...]:
    """Where the file of an entry may be, the best place first; none for one that an upstream serves."""
    match entry.source:
        case WheelSource() as wheel:
            installed = installed_file(wheel)
            return (installed, directory / wheel.file) if installed is not None else (directory / wheel.file,)
        case UpstreamSource():
            return ()
        case source:
            return (directory / source.file,)


def installed_file(wheel: WheelSource) -> Path | None:
    """Where the file would be in the environment's packages. The package's code is not run."""
    spec = find_spec(wheel.package)
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders))) / wheel.file if folders else None
