"""`rhapsode.toml` -> `Settings`."""

from pathlib import Path
from typing import cast

from rhapsode.settings.shape import Settings
from rhapsode.settings.toml_file import TomlTable, convert_toml


def read_settings(path: Path) -> Settings:
    """The file's settings, the defaults where it is silent or absent. Raises SettingsError."""
    return convert_toml(path, Settings, reshape=_options_apart) or Settings()


def _options_apart(document: TomlTable) -> None:
    """An engine's table holds `kind` and, beside it, whatever the engine wants: put the latter under one name."""
    for section in ("chat", "speech", "embed"):
        table = document.get(section)
        engines = cast("TomlTable", table).get("engines") if isinstance(table, dict) else None
        if isinstance(engines, dict):
            for name, engine in cast("TomlTable", engines).items():
                if isinstance(engine, dict):
                    engines[name] = _engine(cast("TomlTable", engine))


def _engine(table: TomlTable) -> TomlTable:
    options = {key: value for key, value in table.items() if key != "kind"}
    return {"kind": table["kind"], "options": options} if "kind" in table else {"options": options}
