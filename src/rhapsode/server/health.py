"""Is the server alive, and may it be sent work: for supervisors and load balancers, without a key."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from rhapsode.service.admission import Admission


class Health:
    """The two questions."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def live(self, _request: Request) -> JSONResponse:
        """200 as long as the event loop turns."""
        return JSONResponse({"server": "rhapsode", "status": "live"})

    async def ready(self, _request: Request) -> JSONResponse:
        """200 when work is taken, 503 when the server drains. Before the engines are loaded nothing listens at all."""
        if self._admission.draining:
            return JSONResponse({"server": "rhapsode", "status": "draining"}, status_code=503)
        return JSONResponse({"server": "rhapsode", "status": "ready"})
