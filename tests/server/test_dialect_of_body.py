"""Two dialects on one path: an error is told in the one that was spoken, also to those who were not let in."""

import anyio
import pytest

from rhapsode.core.caller import Caller
from rhapsode.core.errors import UnknownKey
from rhapsode.engines.embed.scripted import ScriptedEmbedEngine
from rhapsode.server.boundary import Endpoint
from rhapsode.server.embeddings import ERRORS, handle_embeddings
from rhapsode.service.admission import Admission
from rhapsode.service.embed import EmbedService
from rhapsode.service.metered import MeteredEmbedding
from tests.server.kept import meter
from tests.server.test_boundary import Keys, Socket

MINIMAX = b'{"model":"m","texts":["a"],"type":"db"}'
OPENAI = b'{"model":"m","input":"a"}'


class Strict(Keys):
    """Lets nobody in."""

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None) -> Caller:
        del api_key, group_id, address
        raise UnknownKey("no")


async def answer(*parts: bytes, keys: Keys | None = None, admission: Admission | None = None) -> Socket:
    socket = Socket(*parts)
    service = EmbedService(routes={"m": [ScriptedEmbedEngine()]})
    endpoint = Endpoint(
        handle_embeddings(MeteredEmbedding(service).embed),
        ERRORS,
        admission=admission or Admission(),
        authority=keys or Keys(),
        meter=meter(),
        works=True,
    )
    with anyio.fail_after(10):
        await endpoint(socket.scope, socket.receive, socket.send)
    return socket


async def test_a_good_call_is_answered_in_its_dialect() -> None:
    assert (await answer(MINIMAX)).body.startswith(b'{"vectors":[[1.0,')
    assert (await answer(OPENAI)).body.startswith(b'{"object":"list","data":[')


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"x","texts":["a"],"type":"db"}',
        b'{"model":"m","texts":[""],"type":"db"}',
        b'{"model":"m","texts":["a"],"input":"a","type":"db"}',
        b'{"model":"m"}',
        b'{"model":"m","texts":null,"input":null}',
        b"{",
        b"[]",
        b"",
        b'"input"',
        b"\xff",
    ],
)
async def test_the_platforms_dialect_is_spoken_to_those_whose_body_does_not_say(body: bytes) -> None:
    socket = await answer(body)
    assert socket.status == 200
    assert socket.base_resp["status_code"] == 2013
    assert socket.body.startswith(b'{"vectors":null,"total_tokens":0,')


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"model":"x","input":"a"}', 404), (b'{"model":"m","input":[1]}', 400), (b'{"input":"a","texts":null}', 400)],
)
async def test_openais_dialect_is_spoken_to_those_who_speak_it(body: bytes, status: int) -> None:
    socket = await answer(body)
    assert socket.status == status
    assert socket.body.startswith(b'{"type":"error","error":{')


async def test_both_fields_at_once_are_refused_by_name() -> None:
    socket = await answer(b'{"model":"m","texts":["a"],"input":"a","type":"db"}')
    assert "texts: must not stand beside input" in socket.base_resp["status_msg"]
    assert "texts: is required" in (await answer(b"{}")).base_resp["status_msg"]


async def test_a_stranger_is_refused_in_its_own_dialect() -> None:
    assert (await answer(OPENAI[:9], OPENAI[9:], keys=Strict())).status == 401
    native = await answer(MINIMAX, keys=Strict())
    assert (native.status, native.base_resp["status_code"]) == (200, 2049)


async def test_a_stranger_with_a_long_body_is_not_read_to_its_end() -> None:
    socket = Socket(*[b" " * 512 * 1024] * 9)
    endpoint = Endpoint(
        handle_embeddings(MeteredEmbedding(EmbedService(routes={})).embed),
        ERRORS,
        admission=Admission(),
        authority=Strict(),
        meter=meter(),
        works=True,
    )
    with anyio.fail_after(10):
        await endpoint(socket.scope, socket.receive, socket.send)
    assert socket.base_resp["status_code"] == 2049
    assert len(socket.parts) >= 5


async def test_a_server_that_stops_says_so_in_either_dialect() -> None:
    admission = Admission()
    admission.drain()
    told = await answer(OPENAI, admission=admission)
    assert told.status == 503
    assert b'"service_unavailable"' in told.body
    native = await answer(MINIMAX, admission=admission)
    assert (native.status, native.base_resp["status_code"]) == (503, 1001)
