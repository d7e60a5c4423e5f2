"""Every URL, on one screen."""

import time
from functools import partial

from starlette.routing import BaseRoute, Route

from rhapsode.server import embeddings, minimax, openai, voices
from rhapsode.server.auth import Authority
from rhapsode.server.boundary import Dialect, DialectOfBody, Endpoint, Handler
from rhapsode.server.chat import handle_chat
from rhapsode.server.health import Health
from rhapsode.server.spoken_chat import handle_chat_v2
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from rhapsode.service.embed import EmbedService
from rhapsode.service.speech import SpeechService
from rhapsode.service.spoken_chat import SpokenChat

PUBLIC = frozenset({"/health/live", "/health/ready"})
"""The paths that need no key. Every other path has one asked of it."""


def make_routes(
    *, chat: ChatService, speech: SpeechService, embed: EmbedService, authority: Authority, admission: Admission
) -> list[BaseRoute]:
    """The table."""

    def route(method: str, path: str, handler: Handler, dialect: Dialect | DialectOfBody) -> Route:
        return Route(path, Endpoint(handler, dialect, admission=admission, authority=authority), methods=[method])

    post, get = partial(route, "POST"), partial(route, "GET")

    def serves(model: str) -> bool:
        return chat.serves(model) or model in embed.models

    health = Health(admission)
    names = (*chat.models, *embed.models)
    started = int(time.time())
    spoken = SpokenChat(chat=chat, speech=speech)
    return [
        post("/v1/text/chatcompletion", handle_chat(minimax.CHAT, chat), minimax.CHAT_ERRORS),
        post("/v1/text/chatcompletion_pro", handle_chat(minimax.CHAT_PRO, chat), minimax.CHAT_ERRORS),
        post(
            "/v1/text/chatcompletion_v2",
            handle_chat_v2(chat, spoken.reply, speech.prepare),
            minimax.CHAT_V2_ERRORS,
        ),
        post("/v1/chat/completions", handle_chat(openai.CHAT, chat), openai.ERRORS),
        post("/v1/embeddings", embeddings.handle_embeddings(embed.embed), embeddings.ERRORS),
        get("/v1/models", openai.handle_models(names, created=started), openai.ERRORS),
        get("/v1/models/{model:path}", openai.handle_model(serves, created=started), openai.ERRORS),
        post("/v1/text_to_speech", minimax.handle_t2a(speech.speak), minimax.T2A_ERRORS),
        post("/v1/get_voice", voices.handle_get_voice(speech), voices.ERRORS),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
    ]
