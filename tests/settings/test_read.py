"""Every setting has a default, a rule with a clear error, and a line in the manual."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.settings.read import read_settings
from rhapsode.settings.shape import (
    ChatSettings,
    DatabaseSettings,
    EmbedSettings,
    EngineSetting,
    FileSettings,
    LimitSettings,
    LogSettings,
    ModelPrice,
    ModelSettings,
    PriceSettings,
    SearchSettings,
    ServerSettings,
    Settings,
    SpeechSettings,
    TaskSettings,
    TraceSettings,
)

MANUAL = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rhapsode.toml"


def test_without_a_file_everything_has_its_default(file: Path) -> None:
    settings = read_settings(file)
    assert settings == Settings()
    assert settings.server == ServerSettings(host="127.0.0.1", port=8765)
    assert settings.chat.default == "embedded"
    assert settings.chat.engines == {"embedded": EngineSetting(kind="llama", options={"model": "smollm2-135m"})}
    assert settings.speech.engines == {"embedded": EngineSetting(kind="espeak")}
    assert (settings.embed.default, settings.embed.engines) == (None, {})


def test_an_empty_file_is_no_file(file: Path) -> None:
    file.write_text("")
    assert read_settings(file) == Settings()


def test_engines_models_and_the_rest_are_read(file: Path) -> None:
    file.write_text("""
        [server]
        host = "0.0.0.0"
        port = 0
        [chat]
        default = "big"
        [chat.engines.embedded]
        kind = "llama"
        model = "smollm2-135m"
        [chat.engines.big]
        kind = "openai"
        base_url = "http://127.0.0.1:8000"
        options = { depth = 1 }
        [chat.models]
        "abab6.5s-chat" = ["big", "embedded"]
        [speech]
        default = "embedded"
        [speech.engines.embedded]
        kind = "espeak"
        workers = 2
        [embed]
        default = "vectors"
        [embed.engines.vectors]
        kind = "llama"
        model = "nomic.gguf"
        [embed.models]
        own = ["vectors"]
        [models]
        hub = "modelscope"
        endpoint = "https://mirror.example/hub"
        [database]
        url = "sqlite:////var/lib/rhapsode/rhapsode.db"
        [logs]
        level = "debug"
        json = true
    """)
    settings = read_settings(file)
    assert settings.server == ServerSettings(host="0.0.0.0", port=0)  # noqa: S104  read, not bound
    assert settings.chat.engines["big"].kind == "openai"
    assert settings.chat.engines["big"].options == {"base_url": "http://127.0.0.1:8000", "options": {"depth": 1}}
    assert settings.chat.models == {"abab6.5s-chat": ("big", "embedded")}
    assert settings.speech.engines == {"embedded": EngineSetting(kind="espeak", options={"workers": 2})}
    assert settings.embed.default == "vectors"
    assert settings.embed.engines == {"vectors": EngineSetting(kind="llama", options={"model": "nomic.gguf"})}
    assert settings.embed.models == {"own": ("vectors",)}
    assert settings.models == ModelSettings(hub="modelscope", endpoint="https://mirror.example/hub")
    assert settings.database.url == "sqlite:////var/lib/rhapsode/rhapsode.db"
    assert settings.logs == LogSettings(level="debug", json=True)


def test_the_embedded_engine_is_there_when_it_is_named_only(file: Path) -> None:
    file.write_text('[chat]\ndefault = "big"\n[chat.engines.big]\nkind = "openai"')
    assert set(read_settings(file).chat.engines) == {"big"}
    file.write_text(file.read_text() + '\n[chat.models]\n"abab5.5-chat" = ["big", "embedded"]')
    assert set(read_settings(file).chat.engines) == {"big", "embedded"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1", ": object contains unknown field x"),
        ("[server]\nprot = 1", ": server: object contains unknown field prot"),
        ('[server]\nport = "8765"', ": server.port: expected int, got str"),
        ("[server]\nport = 65536", ": server.port: expected int <= 65535"),
        ("[server]\nport = true", ": server.port: expected int, got bool"),
        ('[server]\nhost = ""', ": server.host: expected str of length >= 1"),
        ("chat = 3", ": chat: expected object, got int"),
        ("[chat]\nengines = 3", ": chat.engines: expected object, got int"),
        ("[chat.engines]\nbig = 3", ": chat.engines.big: expected object, got int"),
        (
            '[chat.engines.small]\nkind = "llama"\n[chat.engines.big]\nmodel = "x"',
            ": chat.engines.big: object missing required field kind",
        ),
        ("[speech.engines.big]\nkind = 3", ": speech.engines.big.kind: expected str, got int"),
        ('[chat]\ndefault = "big"', ": chat: default: there is no engine 'big' under engines"),
        ('[embed]\ndefault = "embedded"', ": embed: default: there is no engine 'embedded' under engines"),
        ('[embed.models]\nm = ["nope"]', ": embed: models: 'm': there is no engine 'nope' under engines"),
        ('[speech]\ndefault = "big"', ": speech: default: there is no engine 'big' under engines"),
        ('[chat.models]\nm = ["nope"]', ": chat: models: 'm': there is no engine 'nope' under engines"),
        ('[chat.models]\nm = ["embedded", "embedded"]', ": chat: models: 'm' names an engine twice"),
        ('[chat.models]\nok = ["embedded"]\nm = []', ": chat.models.m: expected array of length >= 1"),
        ('[chat.models]\nok = ["embedded"]\nm = ["embedded", 3]', ": chat.models.m[1]: expected str, got int"),
        ('[chat.models]\nm = "embedded"', ": chat.models.m: expected array, got str"),
        ('[models]\nhub = "github"', ": models.hub: invalid enum value 'github'"),
        (
            '[models]\nendpoint = "mirror.example"',
            ": models.endpoint: expected str matching regex '^(https?://[^/].*)?$'",
        ),
        (
            '[database]\nurl = "mysql://x"',
            ": database.url: expected str matching regex '^(sqlite:///.|postgres(ql)?://)'",
        ),
        ('[logs]\nlevel = "loud"', ": logs.level: invalid enum value 'loud'"),
        ("a =", " is not valid TOML: Invalid value (at end of document)"),
    ],
)
def test_a_fault_names_the_file_the_key_and_the_rule(file: Path, text: str, fault: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(file)
    assert caught.value.message == f"{file}{fault}"


@pytest.mark.parametrize(
    "url",
    ["postgresql://ada:hunter2@host/db", "postgresql://ada:hun@hunter2@host/db", "postgres:///db?password=hunter2"],
)
def test_where_postgresql_is_and_how_it_opens_is_not_shown(file: Path, url: str) -> None:
    file.write_text(f'[database]\nurl = "{url}"', encoding="utf-8")
    settings = read_settings(file)
    assert settings.database.url == url
    assert "hunter2" not in f"{settings!r} {settings} {settings.database!r}"
    file.write_text(f'[database]\nurl = " {url}"', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(file)
    assert "hunter2" not in str(caught.value)


def test_where_a_file_of_sqlite_is_is_shown(file: Path) -> None:
    assert "sqlite:///rhapsode.db" in repr(read_settings(file))


def test_a_file_that_is_not_text_is_named(file: Path) -> None:
    file.write_bytes(b"# \xff")
    with pytest.raises(SettingsError, match=re.escape(f"{file} is not UTF-8 text (byte 2)")):
        read_settings(file)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    file.mkdir()
    with pytest.raises(SettingsError, match=re.escape(f"{file} cannot be read (Is a directory)")):
        read_settings(file)


def fields() -> Iterator[str]:
    tables = (
        ("server", ServerSettings),
        ("chat", ChatSettings),
        ("chat.engines.NAME", EngineSetting),
        ("speech", SpeechSettings),
        ("embed", EmbedSettings),
        ("models", ModelSettings),
        ("search", SearchSettings),
        ("files", FileSettings),
        ("tasks", TaskSettings),
        ("database", DatabaseSettings),
        ("limits", LimitSettings),
        ("prices", PriceSettings),
        ("prices.models.NAME", ModelPrice),
        ("logs", LogSettings),
        ("traces", TraceSettings),
    )
    for name, shape in tables:
        for field in msgspec.structs.fields(shape):
            yield f"{name}.{field.name}"


@pytest.mark.parametrize("name", list(fields()))
def test_every_setting_has_its_line_in_the_manual(name: str) -> None:
    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(f"| `{name}` |") for line in lines), f"{MANUAL} has no row for {name}"


def test_no_table_of_settings_is_forgotten_here() -> None:
    tables = {name.partition(".")[0] for name in fields()}
    assert tables == {field.name for field in msgspec.structs.fields(Settings)}
