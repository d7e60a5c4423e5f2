"""Every URL, on one screen."""

import time
from functools import partial

from starlette.routing import BaseRoute, Route, WebSocketRoute

from rhapsode.dialects.minimax import voice_design
from rhapsode.jobs.links import PATH as LINK_PATH
from rhapsode.server import embeddings, files, minimax, openai, openai_speech, t2a, tasks, voices
from rhapsode.server.auth import Authority
from rhapsode.server.boundary import Dialect, DialectOfBody, Endpoint, Handler
from rhapsode.server.chat import handle_chat
from rhapsode.server.downloads import Downloads
from rhapsode.server.files import FileDesk
from rhapsode.server.health import Health
from rhapsode.server.spoken_chat import handle_chat_v2
from rhapsode.server.t2a_ws import SpeechSocket
from rhapsode.server.tasks import TaskDesk
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from rhapsode.service.embed import EmbedService
from rhapsode.service.speech import SpeechService
from rhapsode.service.spoken_chat import SpokenChat
from rhapsode.service.voice_maker import VoiceMaker

PUBLIC = frozenset({"/health/live", "/health/ready", LINK_PATH})
"""The paths that need no key; links carry a signature of ours instead. Every other path has a key asked of it."""


def make_routes(
    *,
    chat: ChatService,
    speech: SpeechService,
    embed: EmbedService,
    desk: FileDesk,
    long_texts: TaskDesk,
    maker: VoiceMaker,
    authority: Authority,
    admission: Admission,
) -> list[BaseRoute]:
    """The table."""

    def route(
        method: str, path: str, handler: Handler, dialect: Dialect | DialectOfBody, *, reads_body: bool = False
    ) -> Route:
        endpoint = Endpoint(handler, dialect, admission=admission, authority=authority, reads_body=reads_body)
        return Route(path, endpoint, methods=[method])

    post, get, delete = partial(route, "POST"), partial(route, "GET"), partial(route, "DELETE")
    upload = partial(post, reads_body=True)

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
        post("/v1/audio/speech", openai_speech.handle_speech(speech.speak), openai.ERRORS),
        post("/v1/text_to_speech", t2a.handle_t2a(speech.speak), t2a.T2A_ERRORS),
        post("/v1/t2a_pro", t2a.handle_t2a_pro(speech.speak, desk.deliver), t2a.T2A_PRO_ERRORS),
        post("/v1/tts/stream", t2a.handle_t2a_stream(speech.speak), t2a.T2A_STREAM_ERRORS),
        post("/v1/t2a_v2", t2a.handle_t2a_v2(speech.speak, desk.deliver), t2a.T2A_V2_ERRORS),
        WebSocketRoute("/ws/v1/t2a_v2", SpeechSocket(speech, authority=authority, admission=admission)),
        post("/v1/get_voice", voices.handle_get_voice(speech), voices.ERRORS),
        post("/v1/delete_voice", voices.handle_delete_voice(maker), voices.ERRORS),
        post("/v1/voice_blend", voices.handle_voice_blend(maker), voices.ERRORS),
        post("/v1/voice_clone", voices.handle_voice_clone(maker, desk.deliver), voices.ERRORS),
        post("/v1/voice_design", voices.handle_voice_design(maker, voice_design.read_request), voices.ERRORS),
        post("/v1/text2voice", voices.handle_voice_design(maker, voice_design.read_older_request), voices.ERRORS),
        upload("/v1/files/upload", desk.upload, files.ERRORS),
        get("/v1/files/list", desk.list, files.ERRORS),
        get("/v1/files/retrieve", desk.retrieve, files.ERRORS),
        get("/v1/files/retrieve_content", desk.content, files.ERRORS),
        post("/v1/files/delete", desk.delete, files.ERRORS),
        upload("/v1/files", desk.upload, files.ERRORS),
        get("/v1/files", desk.list_or_retrieve, files.ERRORS),
        delete("/v1/files", desk.delete_by_query, files.ERRORS),
        upload("/v1/t2a_async", long_texts.create, tasks.ERRORS),
        get("/query/t2a_async_query", long_texts.query, tasks.ERRORS),
        get("/v1/query/t2a_async_query", long_texts.query, tasks.ERRORS),
        post("/v1/t2a_async_v2", long_texts.create_v2, tasks.V2_ERRORS),
        get("/v1/query/t2a_async_query_v2", long_texts.query_v2, tasks.V2_ERRORS),
        Route(LINK_PATH, Downloads(desk.files, desk.links, admission).answer),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
    ]
