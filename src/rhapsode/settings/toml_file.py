"""A TOML file as a checked shape; every fault names the file, the key and the rule."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from rhapsode.core.errors import SettingsError

ShapeT = TypeVar("ShapeT")
TomlTable = dict[str, object]

# msgspec tells where in its message alone: "Expected `int`, got `str` - at `$.server.port`", and writes [...] for a
# name that the file chose.
_PLACE = re.compile(r"(?P<rule>.*) - at (?:`key` in )?`\$\.?(?P<key>.*)`", re.DOTALL)
_CHOSEN = "[...]"


def _as_it_is(document: TomlTable) -> None:
    """Change nothing."""


def convert_toml(path: Path, shape: type[ShapeT], *, reshape: Callable[[TomlTable], None] = _as_it_is) -> ShapeT | None:
    """The file's content, after `reshape` has moved things in place; None where there is no file.

    Raises SettingsError.
    """
    try:
        document = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    reshape(document)
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {_key_and_rule(str(error), document, shape)}") from error


def _key_and_rule(message: str, document: TomlTable, shape: type[object]) -> str:
    found = _PLACE.fullmatch(message)
    key, rule = (found["key"], found["rule"]) if found else ("", message)
    before, chosen, after = key.partition(_CHOSEN)
    if chosen:
        key = f"{before}.{_culprit(before, message, document, shape)}{after}"
    rule = rule.replace("`", "")
    rule = rule[:1].lower() + rule[1:]
    return f"{key}: {rule}" if key else rule


def _culprit(place: str, message: str, document: TomlTable, shape: type[object]) -> str:
    """Which entry of the table at `place` breaks the rule: the one that still breaks it when it stands alone."""
    for name, alone in _alone(place.split("."), document):
        try:
            msgspec.convert(alone, shape)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return name
    return _CHOSEN


def _alone(place: list[str], document: TomlTable) -> Iterator[tuple[str, TomlTable]]:
    """The document once for each entry of the table at `place`, with no other entry there."""
    inner = cast("TomlTable", document[place[0]])
    if len(place) > 1:
        for name, alone in _alone(place[1:], inner):
            yield name, {**document, place[0]: alone}
    else:
        for name, value in inner.items():
            yield name, {**document, place[0]: {name: value}}
