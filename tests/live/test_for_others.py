"""A server that others reach: TLS, proxies, pages of other origins, and the warning where there is none of it."""

import datetime as dt
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Generator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.client import connect

from rhapsode.core.errors import SettingsError
from rhapsode.server.on_socket import Way
from rhapsode.server.sockets import are_exposed, bind_sockets
from rhapsode.server.tls import open_tls
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_start import refused

PATH = "/v1/text/chatcompletion_v2"
ASKED = {"model": "abab6.5s-chat", "messages": [{"role": "user", "content": "hi"}]}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - for a moment
PAGE = "https://app.example"


def write_certificate(folder: Path, *, password: bytes | None = None) -> Path:
    """`cert.pem` and `key.pem` for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rhapsode")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked))
    return folder / "cert.pem"


TLS = '[server]\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n'


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    trusted = ssl.create_default_context(cafile=write_certificate(tmp_path))
    with running_server(tmp_path, TLS + DETERMINISTIC, verify=trusted) as server:
        assert server.base_url.startswith("https://127.0.0.1:")
        with httpx2.Client(base_url=server.base_url, headers=server.headers, verify=trusted, trust_env=False) as client:
            assert client.post(PATH, json=ASKED).json()["base_resp"]["status_code"] == 0
            with client.stream("POST", PATH, json=ASKED | {"stream": True}) as answer:
                assert len(list(answer.iter_lines())) > 3
            uploaded = client.post(
                "/v1/files/upload",
                data={"purpose": "t2a_async_input"},
                files={"file": ("a.txt", b"a" * 3_000_000)},
            )
            file_id = uploaded.json()["file"]["file_id"]
            link = client.get("/v1/files/retrieve", params={"file_id": file_id}).json()["file"]["download_url"]
            assert link.startswith(server.base_url)
            assert len(client.get(link).content) == 3_000_000
        where = f"wss{server.base_url.removeprefix('https')}/ws/v1/t2a_v2"
        with connect(where, additional_headers=server.headers, ssl=trusted, proxy=None) as line:
            assert json.loads(line.recv())["event"] == "connected_success"
        address = (urlsplit(server.base_url).hostname or "", urlsplit(server.base_url).port or 0)
        with socket.create_connection(address, timeout=30) as plain:
            plain.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert not plain.recv(65536).startswith(b"HTTP")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(address, timeout=30) as connection, pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(connection)
        assert "Warning" not in (tmp_path / "output.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", ["not PEM", "another key", "locked", "no file"])
def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, fault: str) -> None:
    write_certificate(tmp_path, password=b"locked" if fault == "locked" else None)
    if fault == "not PEM":
        (tmp_path / "key.pem").write_text("a key", encoding="utf-8")
    if fault == "another key":
        (tmp_path / "other").mkdir()
        write_certificate(tmp_path / "other")
        (tmp_path / "other" / "key.pem").replace(tmp_path / "key.pem")
    if fault == "no file":
        (tmp_path / "key.pem").unlink()
    with pytest.raises(SettingsError, match=r"server\.tls_cert, server\.tls_key: "):
        open_tls(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_a_start_without_its_certificate_ends(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text(TLS + DETERMINISTIC, encoding="utf-8")
    assert "server.tls_cert" in refused("--home", str(tmp_path), "--port", "0")


def test_a_server_that_others_reach_in_the_clear_says_so(tmp_path: Path, deterministic: LiveServer) -> None:
    with running_server(tmp_path, '[server]\nhost = "0.0.0.0"\n' + DETERMINISTIC):
        said = (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert "others on the network can reach this server" in " ".join(said.split())
    said = (deterministic.home / "output.txt").read_text(encoding="utf-8")
    assert "others on the network" not in " ".join(said.split())


@pytest.mark.parametrize(
    ("host", "own", "way", "exposed"),
    [
        ("127.0.0.1", None, Way(), False),
        ("::1", None, Way(), False),
        (EVERYWHERE, None, Way(), True),
        ("127.0.0.1", EVERYWHERE, Way(), True),
        (EVERYWHERE, EVERYWHERE, Way(proxies=("10.0.0.1",)), False),
        (EVERYWHERE, None, Way(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), False),
    ],
)
def test_who_is_reached_in_the_clear(host: str, own: str | None, way: Way, *, exposed: bool) -> None:
    sockets = bind_sockets((host, 0), None if own is None else (own, 0))
    try:
        assert are_exposed(sockets, way) is exposed
    finally:
        sockets.close()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """This machine's programs count as a proxy, and a page may call."""
    settings = f'[server]\nbehind_proxy = ["127.0.0.0/8"]\ncors_origins = ["{PAGE}"]\n'
    with running_server(tmp_path_factory.mktemp("proxied"), settings + DETERMINISTIC) as server:
        yield server


def key_from(server: LiveServer, address: str) -> dict[str, str]:
    """The header of a new key that is good from one address."""
    words = ["keys", "create", "--group", "team", "--address", address, "--home", str(server.home), "--json"]
    made = subprocess.run([sys.executable, "-m", "rhapsode", *words], capture_output=True, text=True, check=True)
    return {"Authorization": f"Bearer {json.loads(made.stdout)['api_key']}"}


def test_a_caller_forges_no_address_and_no_scheme(deterministic: LiveServer) -> None:
    key = key_from(deterministic, "203.0.113.5")
    forged = key | {"X-Forwarded-For": "203.0.113.5", "X-Real-IP": "203.0.113.5", "Forwarded": "for=203.0.113.5"}
    answer = httpx2.post(deterministic.base_url + PATH, json=ASKED, headers=forged, trust_env=False)
    assert answer.json()["base_resp"]["status_code"] != 0
    near = httpx2.post(
        deterministic.base_url + PATH, json=ASKED, headers=key_from(deterministic, "127.0.0.1"), trust_env=False
    )
    assert near.json()["base_resp"]["status_code"] == 0
    assert link_of(deterministic, {"X-Forwarded-Proto": "https"}).startswith("http://")


def test_a_proxy_tells_the_address_and_the_scheme(proxied: LiveServer) -> None:
    key = key_from(proxied, "203.0.113.5")
    for forwarded, good in (("203.0.113.5", True), ("203.0.113.5, 203.0.113.6", False), ("", False)):
        headers = key | ({"X-Forwarded-For": forwarded} if forwarded else {})
        answer = httpx2.post(proxied.base_url + PATH, json=ASKED, headers=headers, trust_env=False)
        assert (answer.json()["base_resp"]["status_code"] == 0) is good
    assert link_of(proxied, {"X-Forwarded-Proto": "https"}).startswith("https://")


def link_of(server: LiveServer, headers: dict[str, str]) -> str:
    """A download link, as a caller that sends these headers is told it."""
    with server.client() as client:
        kept = client.post("/v1/files/upload", data={"purpose": "t2a_async_input"}, files={"file": ("a.txt", b"a")})
        asked = {"file_id": kept.json()["file"]["file_id"]}
        answer = client.get("/v1/files/retrieve", params=asked, headers=headers)
    url = answer.json()["file"]["download_url"]
    assert isinstance(url, str)
    return url


def test_a_page_that_is_named_may_call(proxied: LiveServer) -> None:
    preflight = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
    }
    asked = httpx2.options(proxied.base_url + PATH, headers=preflight, trust_env=False)
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert asked.headers["access-control-allow-headers"] == "authorization,content-type,x-stainless-os"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert asked.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in asked.headers
    with proxied.client() as client:
        for answer in (
            client.post(PATH, json=ASKED, headers={"Origin": PAGE}),
            client.post(PATH, json=ASKED | {"stream": True}, headers={"Origin": PAGE}),
            client.post(PATH, json={}, headers={"Origin": PAGE}),
            client.get("/nothing", headers={"Origin": PAGE}),
        ):
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert "Trace-Id" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", f"{PAGE}.evil.example", PAGE.upper(), "null", ""])
def test_another_page_is_told_nothing(proxied: LiveServer, deterministic: LiveServer, origin: str) -> None:
    for server in (proxied, deterministic):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        asked = httpx2.options(server.base_url + PATH, headers=headers, trust_env=False)
        assert asked.status_code == 405
        with server.client() as client:
            answer = client.post(PATH, json=ASKED, headers={"Origin": origin})
        assert not [name for name in (*asked.headers, *answer.headers) if name.startswith("access-control")]


def test_every_answer_has_what_browsers_are_told(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        for answer in (client.get("/health/live"), client.get("/nothing"), client.post(PATH, json=ASKED)):
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
            assert "server" not in answer.headers
