"""Where the settings have limits counted, and that no address of a Redis, which may hold a password, is told."""

from pathlib import Path

import pytest

from rhapsode.core.caller import Caller
from rhapsode.core.errors import ParallelLimited, SettingsError
from rhapsode.core.limiter import Unit
from rhapsode.server.app import open_limiter
from rhapsode.settings.home import Home
from rhapsode.settings.shape import LimitSettings

PASSWORD = "hunter2-hunter2"
CALLER = Caller(group_id="g", key_id="k")


def home(directory: Path, limits: str) -> Home:
    (directory / "rhapsode.toml").write_text(f"[limits]\n{limits}\n", encoding="utf-8")
    return Home(directory)


async def test_a_group_without_limits_has_those_of_the_settings(tmp_path: Path) -> None:
    limiter = open_limiter(home(tmp_path, "parallel = 2"))
    for _ in range(2):
        await limiter.admit(CALLER, model="m", unit=Unit.TOKENS, amount=1)
    with pytest.raises(ParallelLimited):
        await limiter.admit(CALLER, model="m", unit=Unit.TOKENS, amount=1)
    await limiter.close()


async def test_where_nobody_counts_each_process_of_a_server_has_its_part(tmp_path: Path) -> None:
    for processes, part in ((1, 4), (4, 3)):
        limits = 'parallel = 12\nredis_url = "redis://127.0.0.1:1"\nprocesses = 3'
        limiter = open_limiter(home(tmp_path, limits), processes=processes)
        for _ in range(part):
            await limiter.admit(CALLER, model="m", unit=Unit.TOKENS, amount=1)
        with pytest.raises(ParallelLimited):
            await limiter.admit(CALLER, model="m", unit=Unit.TOKENS, amount=1)
        assert limiter.on_fallback
        await limiter.close()


@pytest.mark.parametrize("url", [f"http://:{PASSWORD}@host", f"redis://:{PASSWORD}@host:port"])
def test_an_address_that_is_wrong_is_told_without_its_password(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS", url)
    for chosen in (f'redis_url = "{url}"', 'redis_url_env = "REDIS"'):
        with pytest.raises(SettingsError, match=r"limits\.redis_url") as wrong:
            open_limiter(home(tmp_path, chosen))
        assert PASSWORD not in str(wrong.value)
        assert PASSWORD not in repr(wrong.value.__cause__)


def test_an_address_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS", raising=False)
    with pytest.raises(
        SettingsError, match=r"limits\.redis_url_env: the environment variable REDIS is empty or absent"
    ):
        open_limiter(home(tmp_path, 'redis_url_env = "REDIS"'))


def test_the_settings_do_not_show_it() -> None:
    assert PASSWORD not in repr(LimitSettings(redis_url=f"redis://:{PASSWORD}@host"))
