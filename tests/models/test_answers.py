"""What hubs answer instead of a file, and to whom the token goes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rhapsode.core.errors import EngineMissing
from rhapsode.models.events import Retrying
from tests.models.hub import Hub
from tests.models.pulling import CONTENT, Pull


def test_a_file_that_is_not_there_names_repository_and_file(pull: Pull) -> None:
    with pytest.raises(EngineMissing, match=r"127.0.0.1 has no file other.gguf in someone/tiny-GGUF at main"):
        pull("hf:someone/tiny-GGUF/other.gguf")


@pytest.mark.parametrize("status", [401, 403])
def test_a_closed_repository_says_what_opens_it(hub: Hub, pull: Pull, status: int) -> None:
    hub.plan("hub", lambda answer: answer.status(status))
    rule = rf"to everybody, or has no such repository \(HTTP {status}\): put a token that may read it into HF_TOKEN"
    with pytest.raises(EngineMissing, match=rule):
        pull()
    hub.plan("hub", lambda answer: answer.status(status))
    with pytest.raises(EngineMissing, match="download the file with your account, and name its path instead"):
        pull("ms:someone/tiny-GGUF/tiny.gguf")


def test_the_token_goes_to_the_hub_and_not_to_the_host_that_it_redirects_to(hub: Hub, pull: Pull) -> None:
    pull(hubs=replace(hub.hubs, token="hf_secret"))
    ((first,), (second,)) = hub.asked_of("hub"), hub.asked_of("cdn")
    assert first.headers["Authorization"] == "Bearer hf_secret"
    assert "hf_secret" not in str(second)


def test_a_busy_hub_is_asked_again_when_it_wants_to_be(hub: Hub, target: Path, pull: Pull) -> None:
    hub.plan("hub", lambda answer: answer.status(429, Retry_After="0"), lambda answer: answer.status(503))
    told = pull()
    reasons = [event.reason for event in told if isinstance(event, Retrying)]
    assert reasons == ["127.0.0.1 answers with HTTP 429", "127.0.0.1 answers with HTTP 503"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("value", ["31", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_hub_that_asks_for_too_long_a_pause_is_left(hub: Hub, pull: Pull, value: str) -> None:
    hub.plan("hub", lambda answer: answer.status(429, Retry_After=value))
    with pytest.raises(EngineMissing, match=r"HTTP 429, and wants to be asked again in \d+ s; try again later, or set"):
        pull()


@pytest.mark.parametrize("value", ["Sat, 01 Jan 2000 00:00:00 GMT", "soon", ""])
def test_a_pause_that_is_over_or_means_nothing_is_none(hub: Hub, target: Path, pull: Pull, value: str) -> None:
    hub.plan("hub", lambda answer: answer.status(429, Retry_After=value))
    pull()
    assert target.read_bytes() == CONTENT


def test_a_hub_that_does_not_answer_at_all_is_told(pull: Pull) -> None:
    with Hub({}) as gone:
        hubs = gone.hubs
    with pytest.raises(
        EngineMissing, match=r"127.0.0.1 does not answer, or broke off .*, 3 times in a row; .* a mirror under"
    ):
        pull(hubs=hubs)


def test_redirects_without_end_and_to_nowhere_are_told(hub: Hub, pull: Pull) -> None:
    hub.plan("hub", lambda answer: answer.status(307, Location=answer.path), times=10)
    with pytest.raises(EngineMissing, match="leads from redirect to redirect"):
        pull()
    hub.plan("hub", lambda answer: answer.status(302, Location="ftp://example.org/x"))
    with pytest.raises(EngineMissing, match="leads to an address that is none"):
        pull()


def test_a_repository_that_was_renamed_is_followed_on_the_hub(hub: Hub, target: Path, pull: Pull) -> None:
    hub.plan("hub", lambda answer: answer.status(307, Location="/someone/renamed-GGUF/resolve/main/tiny.gguf"))
    pull(hubs=replace(hub.hubs, token="hf_secret"))
    assert [asked.headers.get("Authorization") for asked in hub.asked_of("hub")] == ["Bearer hf_secret"] * 2
    assert target.read_bytes() == CONTENT


def test_modelscope_is_asked_for_size_and_digest_first(hub: Hub, target: Path, pull: Pull) -> None:
    pull("ms:someone/tiny-GGUF/tiny.gguf")
    paths = [re.sub(r"\?.*", "", asked.path) for asked in hub.asked]
    assert paths == [
        "/api/v1/models/someone/tiny-GGUF/repo/files",
        *["/models/someone/tiny-GGUF/resolve/master/tiny.gguf"] * 2,
    ]
    assert (target.parent / "ms/someone/tiny-GGUF/tiny.gguf").read_bytes() == CONTENT


def test_modelscopes_answers_are_checked(hub: Hub, pull: Pull) -> None:
    with pytest.raises(EngineMissing, match=r"127.0.0.1 has no file other.gguf in someone/tiny-GGUF at master"):
        pull("ms:someone/tiny-GGUF/other.gguf")
    hub.plan("hub", lambda answer: answer.send(b'{"Code": 200}', ranges=False))
    with pytest.raises(EngineMissing, match="lists the files of someone/tiny-GGUF in an unknown way"):
        pull("ms:someone/tiny-GGUF/tiny.gguf")
    hub.plan("hub", lambda answer: answer.status(500), times=3)
    with pytest.raises(EngineMissing, match="HTTP 500, 3 times in a row"):
        pull("ms:someone/tiny-GGUF/tiny.gguf")
