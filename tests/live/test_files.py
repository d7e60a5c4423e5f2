"""Files over a real socket: uploaded, listed, fetched, deleted; and the links that need no key."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.running import DETERMINISTIC, LiveServer, running_server

SOUND = b"RIFF" + bytes(range(256)) * 40


def upload(client: httpx2.Client, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a caller may send
    asked: dict[str, Any] = {
        "purpose": "voice_clone",
        "filename": "sample.wav",
        "content": SOUND,
        "path": "/v1/files/upload",
    } | changes
    answer = client.post(
        asked["path"], data={"purpose": asked["purpose"]}, files={"file": (asked["filename"], asked["content"])}
    )
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def code(told: dict[str, Any]) -> tuple[int, str]:
    return told["base_resp"]["status_code"], told["base_resp"]["status_msg"]


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that says by what address it is reached, and that keeps little."""
    chosen = 'server.public_url = "https://speech.example.com/"\n[files]\ngroup_size = 1000\nlink_hours = 1\n'
    with running_server(tmp_path_factory.mktemp("limited"), chosen + DETERMINISTIC) as server:
        yield server


@pytest.fixture
def client(deterministic: LiveServer) -> Iterator[httpx2.Client]:
    with deterministic.client() as client:
        yield client


@pytest.fixture
def stranger(deterministic: LiveServer) -> Iterator[httpx2.Client]:
    """Another group of the same server."""
    command = [sys.executable, "-m", "rhapsode", "keys", "create", "--group", "strangers", "--json"]
    made = subprocess.run([*command, "--home", str(deterministic.home)], check=True, capture_output=True, text=True)
    with httpx2.Client(
        base_url=deterministic.base_url,
        headers={"Authorization": f"Bearer {json.loads(made.stdout)['api_key']}"},
        trust_env=False,
    ) as client:
        yield client


def test_a_file_goes_through_its_life(client: httpx2.Client) -> None:
    told = upload(client)
    assert code(told) == (0, "success")
    file = told["file"]
    assert file | {"file_id": 0, "created_at": 0} == {
        "file_id": 0,
        "bytes": len(SOUND),
        "created_at": 0,
        "filename": "sample.wav",
        "purpose": "voice_clone",
    }
    assert isinstance(file["file_id"], int)
    assert len(str(file["file_id"])) == 15
    query = {"file_id": file["file_id"]}
    assert file in client.get("/v1/files/list", params={"purpose": "voice_clone"}).json()["files"]
    found = client.get("/v1/files/retrieve", params=query).json()
    assert {key: found["file"][key] for key in file} == file
    content = client.get("/v1/files/retrieve_content", params=query)
    assert (content.content, content.headers["content-type"]) == (SOUND, "audio/wav")
    deleted = client.post("/v1/files/delete", json=query | {"purpose": "voice_clone"}).json()
    assert deleted == {"file_id": file["file_id"], "base_resp": {"status_code": 0, "status_msg": "success"}}
    for path in ("/v1/files/retrieve", "/v1/files/retrieve_content"):
        gone = client.get(path, params=query)
        assert code(gone.json()) == (2013, f"invalid params, file_id: there is no file {file['file_id']}")


def test_the_newer_addresses_do_the_same(client: httpx2.Client) -> None:
    file_id = upload(client, path="/v1/files")["file"]["file_id"]
    assert client.get("/v1/files", params={"file_id": file_id}).json()["file"]["file_id"] == file_id
    assert file_id in [file["file_id"] for file in client.get("/v1/files").json()["files"]]
    by_purpose = client.get("/v1/files", params={"purpose": "retrieval"}).json()["files"]
    assert file_id not in [file["file_id"] for file in by_purpose]
    assert client.delete("/v1/files", params={"file_id": file_id}).json()["file_id"] == file_id
    assert code(client.delete("/v1/files", params={"file_id": file_id}).json())[0] == 2013


def test_an_id_may_come_as_text_and_a_purpose_may_be_left_out(client: httpx2.Client) -> None:
    file_id = upload(client)["file"]["file_id"]
    assert client.post("/v1/files/delete", json={"file_id": str(file_id)}).json()["file_id"] == file_id


def test_the_fields_may_stand_in_any_order_and_come_in_any_pieces(
    deterministic: LiveServer, client: httpx2.Client
) -> None:
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.WAV"\r\nContent-Type: audio/wav\r\n\r\n'
        + SOUND
        + b'\r\n--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvoice_clone\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    one_by_one = (parts[place : place + 7] for place in range(0, len(parts), 7))
    told = client.post("/v1/files/upload", content=one_by_one, headers=headers).json()
    content = client.get("/v1/files/retrieve_content", params={"file_id": told["file"]["file_id"]})
    assert content.content == SOUND
    # As the clients of the vendor's tools send it.
    url = f"{deterministic.base_url}/v1/files/upload?GroupId={deterministic.group_id}"
    by_requests = requests.post(
        url,
        headers=deterministic.headers,
        files={"file": ("样本.wav", SOUND)},
        data={"purpose": "voice_clone"},
        timeout=30,
    )
    assert by_requests.json()["file"]["filename"] == "样本.wav"


def test_another_group_does_not_see_it(client: httpx2.Client, stranger: httpx2.Client) -> None:
    file_id = upload(client)["file"]["file_id"]
    query = {"file_id": file_id}
    for told in (
        stranger.get("/v1/files/retrieve", params=query).json(),
        stranger.get("/v1/files/retrieve_content", params=query).json(),
        stranger.post("/v1/files/delete", json=query).json(),
    ):
        assert code(told) == (2013, f"invalid params, file_id: there is no file {file_id}")
    assert stranger.get("/v1/files/list", params={"purpose": "voice_clone"}).json()["files"] == []
    assert client.get("/v1/files/retrieve_content", params=query).content == SOUND


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"purpose": "holiday"}, "purpose: unknown purpose 'holiday'; allowed are voice_clone, "),
        ({"purpose": ""}, "purpose: is required"),
        ({"filename": "sample.exe"}, "file: for the purpose voice_clone its name must end in one of .mp3, .m4a, .wav"),
        ({"purpose": "retrieval"}, "file: for the purpose retrieval its name must end in one of .pdf, "),
        ({"filename": "a" * 252 + ".wav"}, "file: its filename must have 1 to 255 characters"),
    ],
)
def test_an_upload_that_breaks_a_rule_is_refused(client: httpx2.Client, changes: dict[str, Any], says: str) -> None:
    told = upload(client, **changes)
    assert told["base_resp"]["status_code"] == 2013
    assert told["base_resp"]["status_msg"].startswith(f"invalid params, {says}")


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"{}", "application/json", "the body must be multipart/form-data, with a boundary"),
        (b"--x\r\n", "multipart/form-data", "the body must be multipart/form-data, with a boundary"),
        (b"nothing of it", "multipart/form-data; boundary=x", "the body is not multipart/form-data"),
        (b"", "multipart/form-data; boundary=x", "the body is not multipart/form-data: its end is missing"),
        (
            b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvoice_clone\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "file: is required",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n1',
            "multipart/form-data; boundary=x",
            "the body is not multipart/form-data: its end is missing",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n1\r\n' * 2 + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            "file: a form must not have more than one file",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n' + b"y" * 70000 + b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            "purpose: must not have more than 65536 bytes",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 2 + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            "a: must stand only once in a form",
        ),
        (
            b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n\r\n' % number for number in range(65)),
            "multipart/form-data; boundary=x",
            "a form must not have more than 64 fields",
        ),
    ],
)
def test_a_form_that_is_none_is_refused(client: httpx2.Client, content: bytes, kind: str, says: str) -> None:
    told = client.post("/v1/files/upload", content=content, headers={"content-type": kind}).json()
    assert told["base_resp"]["status_code"] == 2013
    assert says in told["base_resp"]["status_msg"] or "purpose: is required" in told["base_resp"]["status_msg"]


def test_a_file_above_the_limit_is_refused_before_it_is_read(deterministic: LiveServer) -> None:
    head = {"content-type": "multipart/form-data; boundary=x", "content-length": str(512 * 1024**2 + 1)}
    with closing(HTTPConnection(urlsplit(deterministic.base_url).netloc, timeout=30)) as connection:
        connection.request("POST", "/v1/files/upload", headers=deterministic.headers | head)
        answer = connection.getresponse()
        assert (answer.status, code(json.load(answer))[0]) == (413, 2013)
    assert not list((deterministic.home / "files" / "incoming").glob("*"))


def test_a_link_needs_no_key_and_names_the_host_that_was_called(
    deterministic: LiveServer, client: httpx2.Client
) -> None:
    file_id = upload(client, filename="我 的.wav")["file"]["file_id"]
    url: str = client.get("/v1/files/retrieve", params={"file_id": file_id}).json()["file"]["download_url"]
    assert url.startswith(f"{deterministic.base_url}/files/{file_id}/")
    got = requests.get(url, timeout=30)
    assert (got.status_code, got.content) == (200, SOUND)
    assert got.headers["content-disposition"] == "attachment; filename*=utf-8''%E6%88%91%20%E7%9A%84.wav"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "operation=/files/{file_id}/{filename:path}" in deterministic.line_of(got.headers["trace-id"])
    head = requests.head(url, timeout=30)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(SOUND)), b"")
    part = requests.get(url, headers={"Range": "bytes=4-13"}, timeout=30)
    assert (part.status_code, part.content) == (206, SOUND[4:14])
    client.post("/v1/files/delete", json={"file_id": file_id})
    assert requests.get(url, timeout=30).status_code == 404


def test_a_link_that_was_changed_opens_nothing(client: httpx2.Client) -> None:
    first, second = (upload(client)["file"]["file_id"] for _ in range(2))
    url: str = client.get("/v1/files/retrieve", params={"file_id": first}).json()["file"]["download_url"]
    expires = parse_qs(urlsplit(url).query)["expires"][0]
    for wrong in (
        url.replace(str(first), str(second)),
        url.replace(expires, str(int(expires) + 1)),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.partition("?")[0],
        url.replace(str(first), "9" * 5000),
    ):
        assert requests.get(wrong, timeout=30).status_code == 403
    assert requests.get(url.replace("sample.wav", "other.html"), timeout=30).status_code == 404
    assert requests.post(url, timeout=30).status_code == 405


def test_a_false_host_is_not_believed(deterministic: LiveServer, client: httpx2.Client) -> None:
    file_id = upload(client)["file"]["file_id"]
    for host, start in (
        ("speech.example.com:8443", "http://speech.example.com:8443/files/"),
        ("[::1]:80", "http://[::1]:80/files/"),
        ("evil.example/?", f"{deterministic.base_url}/files/"),
        ("a@evil.example", f"{deterministic.base_url}/files/"),
    ):
        found = client.get("/v1/files/retrieve", params={"file_id": file_id}, headers={"host": host}).json()
        assert found["file"]["download_url"].startswith(start)


def test_the_settings_decide_where_links_begin_how_long_they_last_and_what_is_kept(limited: LiveServer) -> None:
    with limited.client() as client:
        file = upload(client, content=b"x" * 600)["file"]
        url: str = client.get("/v1/files/retrieve", params={"file_id": file["file_id"]}).json()["file"]["download_url"]
        assert url.startswith("https://speech.example.com/files/")
        assert 3500 < int(parse_qs(urlsplit(url).query)["expires"][0]) - file["created_at"] < 3700
        told = code(upload(client, content=b"y" * 600))
    rule = "file: the group may keep 1000 bytes and has 600: delete some files"
    assert told == (2013, f"invalid params, {rule}")


def test_a_name_is_never_a_path(deterministic: LiveServer, client: httpx2.Client) -> None:
    before = sorted(path for path in deterministic.home.rglob("*") if "evil" in path.name)
    told = upload(client, filename="../../../evil.wav", content=b"evil")
    assert told["file"]["filename"] == "evil.wav"
    assert sorted(path for path in deterministic.home.rglob("*") if "evil" in path.name) == before
    assert Path(deterministic.home / "files").is_dir()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(place=st.integers(0, 250), cut=st.integers(0, 20), noise=st.binary(max_size=20))
def test_a_form_that_is_almost_right(deterministic: LiveServer, place: int, cut: int, noise: bytes) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvoice_clone\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    with deterministic.client() as client:
        answer = client.post("/v1/files/upload", content=form[:place] + noise + form[place + cut :], headers=headers)
        told = answer.json()
        assert (answer.status_code, told["base_resp"]["status_code"]) in {(200, 0), (200, 2013)}
        if "file" in told:
            client.post("/v1/files/delete", json={"file_id": told["file"]["file_id"]})
