"""Addresses as people write them."""

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.engines.upstream.address import interface


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("https://api.minimax.chat", "https://api.minimax.chat/v1"),
        ("http://[::1]:8000/llm", "http://[::1]:8000/llm/v1"),
        ("https://host/openai/v1", "https://host/openai/v1"),
        ("https://host/api/v3", "https://host/api/v3"),
        ("https://host/api/paas/v4", "https://host/api/paas/v4"),
        ("https://host/v1beta/openai/", "https://host/v1beta/openai"),
    ],
)
def test_with_or_without_the_version(written: str, meant: str) -> None:
    assert interface(written) == meant


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "127.0.0.1:8000",
        "localhost",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://user:secret@host",
        "http://host/?key=secret",
        "http://host/v1/chat/completions",
        "http://host/v1/text/chatcompletion_pro",
        "http://host/v1/embeddings",
        "http://[::1",
    ],
)
def test_what_is_no_address_of_an_interface_is_told_and_not_repeated(wrong: str) -> None:
    with pytest.raises(SettingsError, match="base_url") as caught:
        interface(wrong)
    assert "secret" not in caught.value.message
