"""What a caller sent that never became a request: it is refused below the application, and told of all the same."""

from typing import Final

from rhapsode.core.errors import MalformedBody
from rhapsode.server.visit import OTHER, Visit
from rhapsode.telemetry.calls import CallWatcher

_WHY: Final = MalformedBody("this is no request")


def tell(client: tuple[str, int] | None, http_status: int) -> str:
    """Write its line and count it; the id that it has there. `client` is who is at the other end of the connection."""
    visit = Visit(CallWatcher(), OTHER, {"method": "", "client": client})
    visit.end(http_status, _WHY)
    return visit.trace_id
