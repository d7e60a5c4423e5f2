"""The quick way to an endpoint, and what still goes the long one."""

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from rhapsode.server.boundary import Answer, Call, Endpoint
from rhapsode.server.direct import Direct
from rhapsode.service.admission import Admission
from tests.server.kept import meter
from tests.server.test_boundary import DIALECT, Keys, Socket


async def tell(call: Call) -> Answer:
    return Response("|".join(call.path.values()) or "plain")


def app() -> Direct:
    endpoint = Endpoint(tell, DIALECT, admission=Admission(), authority=Keys(), meter=meter())
    routes = [Route(path, endpoint, methods=["POST"]) for path in ("/a", "/a/{name}")]
    return Direct(Starlette(routes=routes))


@pytest.mark.parametrize(
    ("method", "path", "told", "is_direct"),
    [
        ("POST", "/a", (200, b"plain"), True),
        ("POST", "/a/b", (200, b"b"), False),
        ("GET", "/a", (405, b"Method Not Allowed"), False),
        ("POST", "/b", (404, b"Not Found"), False),
    ],
)
async def test_what_has_a_whole_path_is_found_by_it(
    method: str, path: str, told: tuple[int, bytes], *, is_direct: bool
) -> None:
    socket = Socket()
    socket.scope |= {"method": method, "path": path}
    await app()(socket.scope, socket.receive, socket.send)
    assert (socket.status, socket.body) == told
    assert ("app" in socket.scope) is not is_direct  # which Starlette leaves there
