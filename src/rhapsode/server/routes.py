"""Every URL, on one screen."""

import time
from dataclasses import dataclass
from functools import partial

from starlette.routing import BaseRoute, Route, WebSocketRoute

from rhapsode.dialects.minimax import voice_design
from rhapsode.dialects.openai import speech
from rhapsode.jobs.links import PATH as LINK_PATH
from rhapsode.server import embeddings, files, minimax, openai, openai_speech, t2a, tasks, voices
from rhapsode.server.admin_routes import Administration, admin_routes
from rhapsode.server.auth import Authority
from rhapsode.server.boundary import Dialect, DialectOfBody, Endpoint, Handler
from rhapsode.server.chat import handle_chat
from rhapsode.server.downloads import Downloads
from rhapsode.server.files import FileDesk
from rhapsode.server.health import Health
from rhapsode.server.spoken_chat import handle_chat_v2
from rhapsode.server.t2a_ws import PATH as SOCKET_PATH
from rhapsode.server.t2a_ws import SpeechSocket
from rhapsode.server.tasks import TaskDesk
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from rhapsode.service.embed import EmbedService
from rhapsode.service.meter import Meter
from rhapsode.service.metered import MeteredEmbedding, MeteredSpeech, MeteredSpokenChat
from rhapsode.service.speech import SpeechService
from rhapsode.service.spoken_chat import SpokenChat
from rhapsode.service.voice_maker import VoiceMaker

HEALTH = frozenset({"/health/live", "/health/ready"})
PUBLIC = HEALTH | {LINK_PATH}
"""The paths that need no key; links carry a signature of ours instead. Every other path has a key asked of it."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the addresses lead to."""

    chat: ChatService
    speech: SpeechService
    embed: EmbedService
    desk: FileDesk
    long_texts: TaskDesk
    maker: VoiceMaker
    administration: Administration
    authority: Authority
    admission: Admission
    meter: Meter


def make_routes(to: Services) -> list[BaseRoute]:
    """The table."""

    def route(
        method: str,
        path: str,
        handler: Handler,
        dialect: Dialect | DialectOfBody,
        *,
        works: bool = False,
        reads_body: bool = False,
    ) -> Route:
        endpoint = Endpoint(
            handler,
            dialect,
            admission=to.admission,
            authority=to.authority,
            meter=to.meter,
            operation=path,
            works=works,
            reads_body=reads_body,
        )
        return Route(path, endpoint, methods=[method])

    post, get, delete = partial(route, "POST"), partial(route, "GET"), partial(route, "DELETE")
    upload = partial(post, reads_body=True)
    work = partial(post, works=True)  # what has a row in the ledger

    def serves(model: str) -> bool:
        return to.chat.serves(model) or model in names

    health = Health(to.admission)
    names = (*to.chat.models, *to.embed.models, *(speech.MODELS if to.speech.speaks else ()))
    started = int(time.time())
    spoken = MeteredSpokenChat(to.chat, SpokenChat(chat=to.chat, speech=to.speech))
    speak, embed = MeteredSpeech(to.speech).speak, MeteredEmbedding(to.embed).embed
    socket = SpeechSocket(to.speech, authority=to.authority, admission=to.admission, meter=to.meter)
    return [
        work("/v1/text/chatcompletion", handle_chat(minimax.CHAT, to.chat), minimax.CHAT_ERRORS),
        work("/v1/text/chatcompletion_pro", handle_chat(minimax.CHAT_PRO, to.chat), minimax.CHAT_ERRORS),
        work(
            "/v1/text/chatcompletion_v2",
            handle_chat_v2(to.chat, spoken.reply, to.speech.prepare),
            minimax.CHAT_V2_ERRORS,
        ),
        work("/v1/chat/completions", handle_chat(openai.CHAT, to.chat), openai.ERRORS),
        work("/v1/embeddings", embeddings.handle_embeddings(embed), embeddings.ERRORS),
        get("/v1/models", openai.handle_models(names, created=started), openai.ERRORS),
        get("/v1/models/{model:path}", openai.handle_model(serves, created=started), openai.ERRORS),
        work("/v1/audio/speech", openai_speech.handle_speech(speak), openai.ERRORS),
        work("/v1/text_to_speech", t2a.handle_t2a(speak), t2a.T2A_ERRORS),
        work("/v1/t2a_pro", t2a.handle_t2a_pro(speak, to.desk.deliver), t2a.T2A_PRO_ERRORS),
        work("/v1/tts/stream", t2a.handle_t2a_stream(speak), t2a.T2A_STREAM_ERRORS),
        work("/v1/t2a_v2", t2a.handle_t2a_v2(speak, to.desk.deliver), t2a.T2A_V2_ERRORS),
        WebSocketRoute(SOCKET_PATH, socket),
        post("/v1/get_voice", voices.handle_get_voice(to.speech), voices.ERRORS),
        post("/v1/delete_voice", voices.handle_delete_voice(to.maker), voices.ERRORS),
        work("/v1/voice_blend", voices.handle_voice_blend(to.maker), voices.ERRORS),
        work("/v1/voice_clone", voices.handle_voice_clone(to.maker, to.desk.deliver), voices.ERRORS),
        work("/v1/voice_design", voices.handle_voice_design(to.maker, voice_design.read_request), voices.ERRORS),
        work("/v1/text2voice", voices.handle_voice_design(to.maker, voice_design.read_older_request), voices.ERRORS),
        upload("/v1/files/upload", to.desk.upload, files.ERRORS),
        get("/v1/files/list", to.desk.list, files.ERRORS),
        get("/v1/files/retrieve", to.desk.retrieve, files.ERRORS),
        get("/v1/files/retrieve_content", to.desk.content, files.ERRORS),
        post("/v1/files/delete", to.desk.delete, files.ERRORS),
        upload("/v1/files", to.desk.upload, files.ERRORS),
        get("/v1/files", to.desk.list_or_retrieve, files.ERRORS),
        delete("/v1/files", to.desk.delete_by_query, files.ERRORS),
        work("/v1/t2a_async", to.long_texts.create, tasks.ERRORS, reads_body=True),
        get("/query/t2a_async_query", to.long_texts.query, tasks.ERRORS),
        get("/v1/query/t2a_async_query", to.long_texts.query, tasks.ERRORS),
        work("/v1/t2a_async_v2", to.long_texts.create_v2, tasks.V2_ERRORS),
        get("/v1/query/t2a_async_query_v2", to.long_texts.query_v2, tasks.V2_ERRORS),
        Route(LINK_PATH, Downloads(to.desk.files, to.desk.links, to.admission, to.meter), methods=["GET"]),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        *admin_routes(to.administration, to.admission, to.meter.watcher),
    ]
