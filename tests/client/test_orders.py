"""Long texts that are ordered, asked about and fetched."""

import io
import tarfile
from collections.abc import Mapping

import pytest

from rhapsode import AuthenticationFailed, BadRequest, CallError, ServerFailed, Speech, UnreadableReply
from rhapsode.dialects.minimax.t2a_async_v2 import write_created, write_status
from tests.client.player import TRACE, Player, play
from tests.client.speakers import OpenClient

DONE = write_status(task_id=17, status="Success", file_id=23, reason=None)


def archive(files: Mapping[str, bytes]) -> bytes:
    """A result, as a server packs it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def test_a_text_is_ordered_in_a_blend_of_voices(open_client: OpenClient) -> None:
    with Player(play(write_created(task_id=17, token="t", file_id=23, characters=9))) as server:
        client = open_client(base_url=server.url, group_id="12")
        assert (
            client.order_speech("长" * 20000, voice={"a": 1, "b": 3}, emotion="sad", format="flac", speed=0.5) == "17"
        )
    (asked,) = server.asked
    assert asked.target == "/v1/t2a_async_v2?GroupId=12"
    assert asked.json == {
        "model": "speech-01",
        "text": "长" * 20000,
        "voice_setting": {"voice_id": "", "speed": 0.5, "vol": 1.0, "pitch": 0, "emotion": "sad"},
        "audio_setting": {"audio_sample_rate": 32000, "bitrate": 128000, "format": "flac", "channel": 1},
        "timber_weights": [{"voice_id": "a", "weight": 1}, {"voice_id": "b", "weight": 3}],
    }


def test_it_is_fetched_once_it_is_done(open_client: OpenClient) -> None:
    files = {"17/content-17.titles": b"[]", "17/content-17.flac": b"fLaC", "17/content-17.extra": b"{}"}
    with Player(
        play(write_status(task_id=17, status="Processing", file_id=23, reason=None)),
        play(DONE),
        play(archive(files), "application/x-tar", Trace_Id=TRACE),
    ) as server:
        client = open_client(base_url=server.url, group_id="12", api_key="sk-1")
        assert client.fetch_speech("17") is None
        assert client.fetch_speech("17") == Speech(audio=b"fLaC", content_type="audio/flac", trace_id=TRACE)
    assert [asked.target for asked in server.asked] == [
        "/v1/query/t2a_async_query_v2?GroupId=12&task_id=17",
        "/v1/query/t2a_async_query_v2?GroupId=12&task_id=17",
        "/v1/files/retrieve_content?GroupId=12&file_id=23",
    ]
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer sk-1"}


def test_ids_may_be_texts_as_in_the_cloud(open_client: OpenClient) -> None:
    created = b'{"task_id":"95157322514444","task_token":"t","base_resp":{"status_code":0,"status_msg":"success"}}'
    with Player(play(created)) as server:
        assert open_client(base_url=server.url).order_speech("你好") == "95157322514444"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (write_status(task_id=17, status="Failed", file_id=None, reason="no voice"), ServerFailed, "no voice"),
        (write_status(task_id=17, status="Failed", file_id=None, reason=None), ServerFailed, "does not say why"),
        (write_status(task_id=17, status="Expired", file_id=23, reason=None), BadRequest, "no longer kept"),
        (write_status(task_id=17, status="Lost", file_id=23, reason=None), UnreadableReply, "lost"),
        (b'{"base_resp":{"status_code":2013,"status_msg":"there is no task 17"}}', BadRequest, "there is no task 17"),
        (b"{", UnreadableReply, "cannot be read"),
    ],
)
def test_a_task_that_will_not_be_done_is_an_error(
    open_client: OpenClient, body: bytes, kind: type[CallError], words: str
) -> None:
    with Player(play(body)) as server, pytest.raises(kind, match=words):
        open_client(base_url=server.url).fetch_speech("17")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not an archive", "no archive"),
        (archive({"17/content-17.titles": b"[]", "17/content-17.mp3": b""}), "no sound"),
    ],
)
def test_a_result_without_sound_is_none(open_client: OpenClient, body: bytes, words: str) -> None:
    with Player(play(DONE), play(body, "application/x-tar")) as server, pytest.raises(UnreadableReply, match=words):
        open_client(base_url=server.url).fetch_speech("17")


def test_an_error_instead_of_a_result(open_client: OpenClient) -> None:
    refused = b'{"base_resp":{"status_code":1004,"status_msg":"token not match group"}}'
    with Player(play(DONE), play(refused)) as server, pytest.raises(AuthenticationFailed):
        open_client(base_url=server.url).fetch_speech("17")
    with Player(play(refused)) as server, pytest.raises(AuthenticationFailed):
        open_client(base_url=server.url).order_speech("你好")
