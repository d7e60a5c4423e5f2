"""Headers beside the key: out of the environment and out of files, sent with every call, and nowhere to be seen."""

import traceback
from pathlib import Path

import pytest

from rhapsode.core.chat import collect
from rhapsode.core.embedding import EmbedRequest
from rhapsode.core.errors import RhapsodeError, SettingsError
from rhapsode.engines.registry import open_embed
from rhapsode.engines.upstream.headers import HeaderSource, read_headers
from rhapsode.engines.upstream.options import UpstreamOptions, read_upstream_options
from tests.client.player import Player, play, raw, reset, stream
from tests.engines.chat.requests import chat
from tests.engines.upstream.playing import TONGUES, Tongue, upstream_at

SECRET = "hush-hush-1"
FIELDS = {"x-gateway-key": {"env": "GATEWAY_KEY"}}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", SECRET)


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.kind)
async def test_they_go_out_with_every_call(tongue: Tongue, tmp_path: Path) -> None:
    file = tmp_path / "tenant"
    file.write_text("studio\nmore\n", encoding="utf-8")
    headers = FIELDS | {"X-Tenant": {"file": str(file)}}
    with Player(stream(*tongue.frames("Glassy."))) as player:
        async with upstream_at(player.url, tongue.kind, headers=headers, api_key_env="GATEWAY_KEY") as engine:
            await collect(engine.reply(chat("hi")))
        (asked,) = player.asked
    sent = [asked.headers[name] for name in ("x-gateway-key", "x-tenant", "authorization")]
    assert sent == [SECRET, "studio", f"Bearer {SECRET}"]


@pytest.mark.parametrize("kind", ["minimax", "openai"])
async def test_they_go_out_with_calls_for_vectors_too(kind: str) -> None:
    with Player(play(b"{}")) as player:
        engine = await open_embed(kind, {"base_url": player.url, "headers": FIELDS}, find_model=Path)
        with pytest.raises(RhapsodeError):
            await engine.embed(EmbedRequest(model="m", texts=("a",)))
        await engine.close()
        assert player.asked[0].headers["x-gateway-key"] == SECRET


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.kind)
async def test_no_failure_tells_them(tongue: Tongue) -> None:
    for failure in (
        reset,
        raw(b"no HTTP\r\n\r\n"),
        play(b"{}", status=500),
        play(b"", status=401),
        stream(b"data: {\n\n"),
    ):
        with Player(failure) as player:
            async with upstream_at(player.url, tongue.kind, headers=FIELDS) as engine:
                with pytest.raises(RhapsodeError) as caught:
                    await collect(engine.reply(chat("hi")))
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__cause__)
        assert SECRET not in told
        assert SECRET not in repr(vars(engine))


def read(**sources: HeaderSource) -> dict[str, str]:
    return read_headers(
        {name.replace("_", "-"): source for name, source in sources.items()}, key="", environment={"A": "b"}
    )


def test_authorization_may_be_one_where_there_is_no_key() -> None:
    source = {"authorization": HeaderSource(env="A")}
    assert read_headers(source, key="", environment={"A": "Basic eA=="}) == {"authorization": "Basic eA=="}
    with pytest.raises(SettingsError, match="twice"):
        read_headers(source, key="sk-1", environment={"A": "Basic eA=="})


def test_what_is_wrong_is_named_and_no_value_is() -> None:
    for sources, told in (
        ({"X_A": HeaderSource(env="NONE")}, r"NONE \(headers\.X-A\.env\) is empty or not set"),
        ({"X_A": HeaderSource(file="/none")}, r"/none \(headers\.X-A\.file\) cannot be read"),
        ({"X_A": HeaderSource(env="A", file="b")}, r"headers\.X-A\.env and headers\.X-A\.file"),
        ({"X_A": HeaderSource()}, r"headers\.X-A: needs env or file"),
        ({"X_A": HeaderSource(env="A"), "x_a": HeaderSource(env="A")}, "twice"),
        ({"Content_Length": HeaderSource(env="A")}, "this server's own"),
        ({"X:A": HeaderSource(env="A")}, "HTTP allows"),
    ):
        with pytest.raises(SettingsError, match=told):
            read(**sources)
    with pytest.raises(SettingsError) as caught:
        read_headers({"X-A": HeaderSource(env="A")}, key="", environment={"A": "hush\r\nX-B: c"})
    assert "hush" not in caught.value.message


def test_a_value_in_the_settings_file_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="env") as caught:
        read_upstream_options({"base_url": "http://h", "headers": {"X-A": SECRET}}, UpstreamOptions, kind="openai")
    assert SECRET not in caught.value.message
    with pytest.raises(SettingsError, match="headers"):
        read_upstream_options({"base_url": "http://h", "headers": {"X-A": {"value": "x"}}}, UpstreamOptions, kind="x")
