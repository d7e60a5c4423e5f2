"""The models that are known by name, and where their files are on this machine."""

from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from rhapsode.core.errors import EngineMissing, ModelMissing, SettingsError


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `catalogue.toml`: `file`, of `size` bytes, lies in the package that `requirement` installs."""

    name: str
    aliases: tuple[str, ...] = ()
    title: str
    licence: str
    requirement: str
    package: str
    file: str
    size: int
    sha256: str


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[Model, ...]


_GGUF: Final = ".gguf"


@cache
def models() -> tuple[Model, ...]:
    """All of them."""
    data = files("rhapsode.models").joinpath("catalogue.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Catalogue).model


def find_entry(name: str) -> Model:
    """The entry of a name or an alias. Raises `SettingsError`."""
    for model in models():
        if name == model.name or name in model.aliases:
            return model
    known = ", ".join(name for model in models() for name in (model.name, *model.aliases))
    raise SettingsError(f"there is no model {name[:80]!r}; there are {known}, or give the path of a GGUF file")


def find_model(name: str, *, directory: Path) -> Path:
    """The file of a model: a path to a GGUF is taken as it is; `directory` is where pulled models lie.

    Raises `ModelMissing`, or `EngineMissing` for a path, when the file is not there; `SettingsError` for a name that is
    not known.
    """
    if name.lower().endswith(_GGUF):
        path = Path(name).expanduser()
        if not path.is_file():
            raise EngineMissing(f"there is no file {path}")
        return path
    entry = find_entry(name)
    for path in (installed_file(entry), directory / entry.file):
        if path is not None and path.is_file():
            return path
    raise ModelMissing(name)


def installed_file(entry: Model) -> Path | None:
    """Where the file would be in the environment's packages. The package's code is not run."""
    spec = find_spec(entry.package)
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders))) / entry.file if folders else None
