"""Download links: what opens and what does not."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from rhapsode.jobs.files import StoredFile
from rhapsode.jobs.links import Links
from tests.jobs.conftest import Clock

SECRET = b"a secret of the home, 32 bytes at least"
FILE = StoredFile(
    id=123456789012345,
    group_id="1",
    purpose="t2a_async",
    filename="第一 章/?#.mp3",
    digest=b"",
    size=0,
    created_at=0,
    expires_at=None,
)


def made(links: Links, file: StoredFile = FILE, expires_in: int = 60) -> tuple[str, str]:
    """The two parts of a link that decide."""
    query = parse_qs(urlsplit(links.url(file, expires_in=expires_in, base_url="http://host:1")).query)
    return query["expires"][0], query["signature"][0]


def test_a_link_begins_with_the_address_that_was_called_or_the_public_one(clock: Clock) -> None:
    start = "/files/123456789012345/%E7%AC%AC%E4%B8%80%20%E7%AB%A0%2F%3F%23.mp3?expires=1700000060&signature="
    own, public = Links(SECRET, clock=clock), Links(SECRET, public_url="https://a.example/b/", clock=clock)
    assert own.url(FILE, expires_in=60, base_url="http://host:1").startswith(f"http://host:1{start}")
    assert public.url(FILE, expires_in=60, base_url="http://host:1").startswith(f"https://a.example/b{start}")


def test_a_link_opens_its_file_until_it_expires(clock: Clock) -> None:
    links = Links(SECRET, clock=clock)
    expires, signature = made(links)
    assert links.opens(str(FILE.id), expires, signature)
    clock.now += 59
    assert links.opens(str(FILE.id), expires, signature)
    clock.now += 1
    assert not links.opens(str(FILE.id), expires, signature)


@pytest.mark.parametrize("expires", ["", "1700000061", "-1", "１７０００００１００", "9" * 5000, "1e99", "1700000060 "])
def test_another_time_is_not_signed(clock: Clock, expires: str) -> None:
    links = Links(SECRET, clock=clock)
    assert not links.opens(str(FILE.id), expires, made(links)[1])


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "\udc80"])
def test_another_signature_opens_nothing(clock: Clock, signature: str) -> None:
    links = Links(SECRET, clock=clock)
    assert not links.opens(str(FILE.id), made(links)[0], signature)


def test_a_link_opens_no_other_file_and_nothing_of_another_home(clock: Clock) -> None:
    links = Links(SECRET, clock=clock)
    parts = made(links)
    assert not links.opens(str(FILE.id + 1), *parts)
    assert not Links(SECRET + b"!", clock=clock).opens(str(FILE.id), *parts)
    assert made(links, replace(FILE, id=2)) != parts
    for nothing in ("", "x", "9" * 5000, f"{FILE.id} ", f"-{FILE.id}"):
        assert not links.opens(nothing, *parts)
