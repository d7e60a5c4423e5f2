"""Every URL, on one screen."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from rhapsode.server import minimax
from rhapsode.server.auth import Authority
from rhapsode.server.boundary import Dialect, Endpoint, Handler
from rhapsode.server.health import Health
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from rhapsode.service.speech import SpeechService

PUBLIC = frozenset({"/health/live", "/health/ready"})
"""The paths that need no key. Every other path has one asked of it."""


def make_routes(
    *, chat: ChatService, speech: SpeechService, authority: Authority, admission: Admission
) -> list[BaseRoute]:
    """The table."""

    def post(path: str, handler: Handler, dialect: Dialect) -> Route:
        return Route(path, Endpoint(handler, dialect, admission=admission, authority=authority), methods=["POST"])

    health = Health(admission)
    return [
        post("/v1/text/chatcompletion_pro", minimax.handle_chat_pro(chat.reply), minimax.CHAT_PRO),
        post("/v1/text_to_speech", minimax.handle_t2a(speech.speak), minimax.T2A),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
    ]


async def not_found(_request: Request, _error: Exception) -> PlainTextResponse:
    """As the platform's gateway says it."""
    return PlainTextResponse("404 page not found", status_code=404)
