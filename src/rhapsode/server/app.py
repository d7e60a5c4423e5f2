"""The application, assembled: settings to engines, engines to services, services to routes."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette

from rhapsode.audio.encode import open_encoder
from rhapsode.core.chat import ChatEngine
from rhapsode.dialects.minimax.chat_models import CHAT_MODELS, base_model
from rhapsode.engines.registry import open_chat, open_speech
from rhapsode.models.catalogue import find_model
from rhapsode.server.auth import Authority
from rhapsode.server.routes import make_routes, not_found
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from rhapsode.service.speech import SpeechService
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.voices.catalogue import load_voices


def create_app(*, chat: ChatService, speech: SpeechService, authority: Authority, admission: Admission) -> Starlette:
    """The ASGI application."""
    routes = make_routes(chat=chat, speech=speech, authority=authority, admission=admission)
    app = Starlette(routes=routes, exception_handlers={404: not_found})
    app.router.redirect_slashes = False  # the platform's gateway does not know an address with one more
    return app


@asynccontextmanager
async def open_chat_service(home: Home) -> AsyncGenerator[ChatService]:
    """Chat as the home's settings say, its engines loaded; leaving closes them.

    Every public model name without a line of its own is served by the default engine. Raises `SettingsError`,
    `EngineMissing`, `EngineError`.
    """
    settings = read_settings(home.settings_file).chat
    async with AsyncExitStack() as stack:
        engines: dict[str, ChatEngine] = {}
        for name, setting in settings.engines.items():
            engine = await open_chat(
                setting.kind, setting.options, find_model=partial(find_model, directory=home.models)
            )
            stack.push_async_callback(engine.close)
            engines[name] = engine
        routes = {model: [engines[settings.default]] for model in CHAT_MODELS}
        routes |= {model: [engines[name] for name in names] for model, names in settings.models.items()}
        yield ChatService(routes=routes, base_model=base_model)


@asynccontextmanager
async def open_speech_service(home: Home) -> AsyncGenerator[SpeechService]:
    """Speech as the home's settings say; leaving closes its engine. Raises as `open_chat_service` does."""
    settings = read_settings(home.settings_file).speech
    setting = settings.engines[settings.default]
    engine = await open_speech(setting.kind, setting.options, voices=load_voices())
    try:
        yield SpeechService(engine=engine, open_encoder=open_encoder)
    finally:
        await engine.close()
