import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode import AsyncClient, Bot, Client, SettingsError
from rhapsode.client._address import DEFAULT_BASE_URL, find_address
from tests.client.player import Player, reply
from tests.client.speakers import OpenClient

HELPER = Bot(name="Helper", description="Helper answers briefly.")


def test_arguments_win_over_the_environment() -> None:
    environ = {"RHAPSODE_BASE_URL": "http://a", "RHAPSODE_GROUP_ID": "1", "RHAPSODE_API_KEY": "k"}
    address = find_address("http://b", "2", "l", environ)
    assert (address.base_url, address.group_id, address.api_key) == ("http://b", "2", "l")


def test_our_names_win_over_the_platforms_one_by_one() -> None:
    environ = {
        "RHAPSODE_API_KEY": "ours",
        "MINIMAX_API_HOST": "api.minimax.chat",
        "MINIMAX_GROUP_ID": "2",
        "MINIMAX_API_KEY": "theirs",
    }
    address = find_address(None, None, None, environ)
    assert (address.base_url, address.group_id, address.api_key) == ("https://api.minimax.chat", "2", "ours")


def test_with_nothing_said_it_is_the_server_on_this_machine() -> None:
    address = find_address(None, None, None, {"RHAPSODE_BASE_URL": " ", "MINIMAX_API_KEY": ""})
    assert (address.base_url, address.group_id, address.api_key) == (DEFAULT_BASE_URL, None, None)


@pytest.mark.parametrize(
    ("given_url", "meant"),
    [
        ("https://api.minimax.chat/v1/", "https://api.minimax.chat"),
        ("http://10.0.0.7:8765/v1", "http://10.0.0.7:8765"),
        ("api.minimaxi.com", "https://api.minimaxi.com"),
        ("localhost:8765", "http://localhost:8765"),
        ("127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("https://gateway.example/minimax/", "https://gateway.example/minimax"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_addresses_as_people_write_them(given_url: str, meant: str) -> None:
    assert find_address(given_url, None, None, {}).base_url == meant


@pytest.mark.parametrize(
    "wrong", ["ftp://a", "http://", "http://a:b", "http://a:99999", "http://a?b=c", "http://[::1", "http://a b", "://"]
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="base_url: must look like"):
        find_address(wrong, None, None, {})


@given(st.text())
def test_no_text_breaks_the_reader_of_addresses(text: str) -> None:
    try:
        address = find_address(text, None, None, {})
    except SettingsError:
        return
    assert address.base_url.startswith(("http://", "https://"))


@pytest.mark.parametrize("wrong", ["请填写您的api_key", "sk-1\nHost: elsewhere", "sk 1"])
def test_a_key_that_cannot_be_one_is_refused_and_not_quoted(wrong: str) -> None:
    with pytest.raises(SettingsError, match="api_key: must hold") as caught:
        find_address(None, None, wrong, {})
    assert wrong not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]:1", True),
        ("http://127.9.9.9", True),
        ("http://10.0.0.1", False),
        ("https://api.minimax.chat", False),
    ],
)
def test_what_is_on_this_machine(url: str, here: bool) -> None:  # noqa: FBT001  a table's column
    assert find_address(url, None, None, {}).is_loopback is here


def test_the_key_does_not_print() -> None:
    shown = "(base_url='http://127.0.0.1:1', group_id='12', api_key='***')"
    with Client("http://127.0.0.1:1", "12", "sk-rh-secret") as client:
        assert repr(client) == f"Client{shown}"
    assert repr(AsyncClient("http://127.0.0.1:1", "12", "sk-rh-secret")) == f"AsyncClient{shown}"
    assert "secret" not in repr(find_address(None, None, "sk-rh-secret", {}))


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    open_client: OpenClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Player(reply()) as server:
        assert open_client(base_url=server.url).chat("?", bots=HELPER).text == "Glassy."


def test_the_environment_reaches_the_server(open_client: OpenClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with Player(reply()) as server:
        monkeypatch.setenv("MINIMAX_API_HOST", server.url.removeprefix("http://"))
        monkeypatch.setenv("MINIMAX_GROUP_ID", "1 2")
        monkeypatch.setenv("MINIMAX_API_KEY", "sk-env")
        open_client().chat("?", bots=HELPER)
    (asked,) = server.asked
    assert asked.target in {"/v1/text/chatcompletion_pro?GroupId=1+2", "/v1/text/chatcompletion_pro?GroupId=1%202"}
    assert asked.headers["authorization"] == "Bearer sk-env"
