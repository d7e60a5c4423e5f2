"""A file of a hub, fetched over real sockets from servers that misbehave."""

import hashlib
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhapsode.core.errors import EngineMissing, StorageError
from rhapsode.models.events import Begun, CheckingPart, Done, Moved, Present, PullEvent, Retrying, WaitingForAnother
from rhapsode.models.part import part_files
from rhapsode.models.pull import pull_model
from tests.models.entries import hub_entry
from tests.models.hub import Answer, Hub
from tests.models.pulling import CONTENT, DIGEST, QUICK, Pull, leave_part, ranges


def test_a_file_comes_through_the_redirect_and_is_checked_against_the_hubs_digest(
    hub: Hub, target: Path, pull: Pull
) -> None:
    assert pull() == [Begun(have=0, size=len(CONTENT)), Done(path=target)]
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert [asked.server for asked in hub.asked] == ["hub", "cdn"]
    assert hub.asked[0].path == "/someone/tiny-GGUF/resolve/main/tiny.gguf"


def test_every_byte_is_told(hub: Hub, tmp_path: Path) -> None:
    told: list[PullEvent] = []
    pull_model("hf:someone/tiny-GGUF/tiny.gguf", directory=tmp_path, hubs=hub.hubs, tell=told.append)
    moved = [event.have for event in told if isinstance(event, Moved)]
    assert moved == sorted(moved)
    assert moved[-1] == len(CONTENT)


def test_a_cut_connection_is_resumed_where_it_broke(hub: Hub, target: Path, pull: Pull) -> None:
    hub.plan("cdn", lambda answer: answer.send(CONTENT, cut=300_000), lambda answer: answer.send(CONTENT, cut=300_000))
    begun, *rest = pull()
    assert begun == Begun(have=0, size=len(CONTENT))
    assert [type(event) for event in rest] == [Retrying, Begun, Retrying, Begun, Done]
    starts = [int((header or "bytes=0-")[6:-1]) for header in ranges(hub)]
    assert starts == sorted(set(starts))
    assert target.read_bytes() == CONTENT


def test_a_connection_on_which_nothing_comes_is_cut_and_resumed(hub: Hub, target: Path, pull: Pull) -> None:
    hub.plan("cdn", hub.stall)
    told = pull(patience=replace(QUICK, silence=0.3))
    assert Begun(have=len(CONTENT) // 2, size=len(CONTENT)) in told
    assert target.read_bytes() == CONTENT


def test_what_a_killed_process_left_is_hashed_again_and_used(hub: Hub, target: Path, pull: Pull) -> None:
    leave_part(target, CONTENT[:600_000])
    size = len(CONTENT)
    assert pull() == [CheckingPart(size=600_000), Begun(have=600_000, size=size), Done(path=target)]
    assert ranges(hub) == ["bytes=600000-"]
    assert target.read_bytes() == CONTENT


def test_a_part_with_every_byte_needs_no_server(hub: Hub, target: Path, pull: Pull) -> None:
    leave_part(target, CONTENT)
    assert pull() == [CheckingPart(size=len(CONTENT)), Done(path=target)]
    assert hub.asked == []


def test_a_part_of_an_older_file_is_thrown_away(hub: Hub, target: Path, pull: Pull) -> None:
    leave_part(target, b"older" * 1000, sha256="0" * 64)
    pull()
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == ["bytes=5000-", None]


@pytest.mark.parametrize("note", [None, b"", b"{", b"[]", b'{"sha256": 3}'])
def test_a_part_of_nobody_knows_what_is_thrown_away(hub: Hub, target: Path, pull: Pull, note: bytes | None) -> None:
    leave_part(target, b"what?")
    _, beside = part_files(target)
    beside.unlink() if note is None else beside.write_bytes(note)
    pull()
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == [None]


def test_a_part_that_was_damaged_is_found_out_removed_and_the_next_pull_begins_anew(
    hub: Hub, target: Path, pull: Pull
) -> None:
    leave_part(target, b"?" + CONTENT[1:500_000])
    with pytest.raises(EngineMissing, match=f"and {DIGEST} was meant; it was removed"):
        pull()
    assert list(target.parent.iterdir()) == []
    pull()
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == ["bytes=500000-", None]


def test_a_part_longer_than_the_file_is_thrown_away(target: Path, pull: Pull) -> None:
    leave_part(target, CONTENT + b"more", size=None)
    told = pull()
    assert Retrying(reason="what was here is no part of the hub's file", seconds=0.0) in told
    assert target.read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_starts_from_zero(hub: Hub, target: Path, pull: Pull) -> None:
    leave_part(target, CONTENT[:1000])
    hub.plan("cdn", lambda answer: answer.send(CONTENT, ranges=False))
    assert Begun(have=0, size=len(CONTENT)) in pull()
    assert target.read_bytes() == CONTENT


def test_a_mirror_that_gives_the_file_out_itself_is_as_good(hub: Hub, target: Path, pull: Pull) -> None:
    leave_part(target, CONTENT[:1000])
    hub.plan("hub", lambda answer: answer.send(CONTENT, linked=True))
    pull()
    assert target.read_bytes() == CONTENT
    assert hub.asked_of("cdn") == []


def test_a_file_with_another_digest_is_removed(hub: Hub, target: Path, pull: Pull) -> None:
    other = b"?" * len(CONTENT)
    hub.plan("cdn", lambda answer: answer.send(other))
    found = hashlib.sha256(other).hexdigest()
    with pytest.raises(EngineMissing, match=f"came with the SHA-256 {found}, and {DIGEST} was meant; it was removed"):
        pull()
    assert list(target.parent.iterdir()) == []


def test_the_catalogues_digest_wins_over_the_hubs_before_a_byte_comes(hub: Hub, target: Path, pull: Pull) -> None:
    with pytest.raises(EngineMissing, match=f"has the SHA-256 {DIGEST}, and the file that is meant has 000"):
        pull(entry=hub_entry(CONTENT, digest="0" * 64))
    assert hub.asked_of("cdn") == []
    assert list(target.parent.iterdir()) == []


def test_a_file_of_another_length_than_the_catalogues_is_refused(hub: Hub, target: Path, pull: Pull) -> None:
    hub.plan("hub", lambda answer: hub.redirect(answer, X_Linked_ETag=""))
    with pytest.raises(EngineMissing, match=f"has {len(CONTENT)} bytes for .*, and the file that is meant has 7"):
        pull(entry=hub_entry(CONTENT, digest=DIGEST, size=7))
    assert not target.exists()


def test_a_file_that_the_hub_names_no_digest_for_is_not_taken_unless_the_catalogue_has_one(
    hub: Hub, target: Path, pull: Pull
) -> None:
    hub.plan("hub", lambda answer: hub.redirect(answer, X_Linked_ETag='"a-git-digest"'), times=2)
    with pytest.raises(EngineMissing, match=r"names no SHA-256 for .*, so that it cannot be checked"):
        pull()
    assert not target.exists()
    pull(entry=hub_entry(CONTENT, digest=DIGEST))
    assert target.read_bytes() == CONTENT


def test_a_body_without_a_length_that_ends_early_is_resumed(hub: Hub, target: Path, pull: Pull) -> None:
    def send_some(answer: Answer) -> None:
        answer.send_response(200)
        answer.end_headers()
        answer.wfile.write(CONTENT[:1000])
        answer.close_connection = True

    hub.plan("cdn", send_some)
    assert Begun(have=1000, size=len(CONTENT)) in pull()
    assert target.read_bytes() == CONTENT


def test_other_bytes_than_were_asked_for_are_not_taken(hub: Hub, target: Path, pull: Pull) -> None:
    leave_part(target, CONTENT[:1000])
    hub.plan("cdn", lambda answer: answer.status(206, Content_Range=f"bytes 5-9/{len(CONTENT)}", Content_Length="0"))
    with pytest.raises(EngineMissing, match=r"sends other bytes of someone/tiny-GGUF/tiny.gguf on Hugging Face"):
        pull()


def test_patience_ends_and_keeps_what_came(hub: Hub, target: Path, pull: Pull) -> None:
    hub.plan("cdn", lambda answer: answer.send(CONTENT, cut=200_000))
    hub.plan("cdn", lambda answer: answer.status(503), times=3)
    with pytest.raises(EngineMissing, match="HTTP 503, 3 times in a row; what came is kept"):
        pull()
    part, _ = part_files(target)
    kept = part.stat().st_size
    assert 0 < kept <= 200_000
    pull()
    assert ranges(hub)[-1] == f"bytes={kept}-"


def test_a_short_disk_is_told_before_the_first_byte(hub: Hub, target: Path, pull: Pull) -> None:
    huge = str(10**18)
    hub.plan("hub", lambda answer: hub.redirect(answer, X_Linked_Size=huge))
    hub.plan("cdn", lambda answer: answer.status(200, Content_Length=huge))
    with pytest.raises(StorageError, match=r"MB left, and tiny.gguf needs 1000000"):
        pull()
    assert list(target.parent.iterdir()) == []


def test_two_pulls_at_once_make_one_download(hub: Hub, target: Path, pull: Pull) -> None:
    first_is_asked, go_on = threading.Event(), threading.Event()

    def wait(answer: Answer) -> None:
        first_is_asked.set()
        go_on.wait(20)
        answer.send(CONTENT)

    hub.plan("cdn", wait)
    told: list[PullEvent] = []

    def second() -> None:
        def tell(event: PullEvent) -> None:
            told.append(event)
            go_on.set()  # what it says first is that it waits

        pull_model("tiny", directory=target.parent, hubs=hub.hubs, tell=tell, known=(hub_entry(CONTENT),))

    def when_asked() -> None:
        first_is_asked.wait(20)
        second()

    thread = threading.Thread(target=when_asked)
    thread.start()
    assert pull()[-1] == Done(path=target)
    thread.join()
    assert told == [WaitingForAnother(), Present(path=target)]
    assert len(hub.asked_of("cdn")) == 1
    assert list(target.parent.iterdir()) == [target]


SHORT = CONTENT[:5000]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("cut"), st.integers(0, len(SHORT))),
            st.tuples(st.just("from zero"), st.integers(0, len(SHORT))),
            st.tuples(st.just("busy"), st.just(0)),
        ),
        max_size=6,
    )
)
def test_whatever_breaks_on_the_way_the_right_file_arrives(
    tmp_path_factory: pytest.TempPathFactory, faults: list[tuple[str, int]]
) -> None:
    directory = tmp_path_factory.mktemp("models")
    with Hub({"tiny.gguf": SHORT}) as hub:
        for fault, count in faults:
            hub.plan("cdn", partial(_misbehave, fault=fault, count=count))
        patient = replace(QUICK, tries=len(faults) + 1)
        path = pull_model(
            "hf:someone/tiny-GGUF/tiny.gguf",
            directory=directory,
            hubs=hub.hubs,
            tell=list[PullEvent]().append,
            patience=patient,
        )
        assert path.read_bytes() == SHORT
    assert list(path.parent.iterdir()) == [path]


def _misbehave(answer: Answer, *, fault: str, count: int) -> None:
    if fault == "busy":
        answer.status(503)
    else:
        answer.send(SHORT, cut=count, ranges=fault == "cut")


def test_more_bytes_than_the_file_has_are_not_taken(hub: Hub, target: Path, pull: Pull) -> None:
    def send_more(answer: Answer) -> None:
        answer.send_response(200)
        answer.end_headers()
        answer.wfile.write(CONTENT + b"more")
        answer.close_connection = True

    hub.plan("cdn", send_more)
    with pytest.raises(EngineMissing, match=f"localhost sends more than the {len(CONTENT)} bytes of someone/tiny-GGUF"):
        pull()
    assert not target.exists()


def test_a_part_that_is_removed_while_it_comes_does_not_become_a_file(hub: Hub, target: Path) -> None:
    part, _ = part_files(target)

    def tell(event: PullEvent) -> None:
        if isinstance(event, Moved):
            part.unlink(missing_ok=True)

    with pytest.raises(EngineMissing, match="was removed or changed while it came; fetch it again"):
        pull_model("tiny", directory=target.parent, hubs=hub.hubs, tell=tell, known=(hub_entry(CONTENT),))
    assert not target.exists()


def test_a_digest_of_another_kind_in_a_mirrors_etag_does_not_stand_against_the_catalogues(
    hub: Hub, target: Path, pull: Pull
) -> None:
    hub.plan("hub", lambda answer: hub.redirect(answer, X_Linked_ETag="", ETag=f'"{"0" * 64}"'))
    pull(entry=hub_entry(CONTENT, digest=DIGEST))
    assert target.read_bytes() == CONTENT
