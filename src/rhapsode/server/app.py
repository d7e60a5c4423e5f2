"""The application, assembled: settings to engines, engines to services, services to routes."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rhapsode.accounts.prices import Prices, price_of
from rhapsode.accounts.quota.limiter import QuotaLimiter, Together
from rhapsode.audio.encode import open_encoder
from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.errors import SettingsError
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.search import SearchEngine
from rhapsode.core.voice import VoiceBook
from rhapsode.database.connect import Database
from rhapsode.dialects.minimax.chat_models import CHAT_MODELS, base_model
from rhapsode.dialects.minimax.embeddings import PLATFORM_MODEL
from rhapsode.dialects.minimax.files import RESULT_PURPOSE
from rhapsode.dialects.minimax.t2a_async_result import write_notes
from rhapsode.engines.registry import open_search
from rhapsode.jobs.files import Files, Quota
from rhapsode.jobs.links import Links
from rhapsode.jobs.store import Store
from rhapsode.jobs.sweep import keep_swept
from rhapsode.jobs.tasks import Tasks
from rhapsode.server.background import in_background
from rhapsode.server.direct import Direct
from rhapsode.server.engine_opener import EngineOpener, OwnEngines
from rhapsode.server.files import FileDesk
from rhapsode.server.on_socket import Way
from rhapsode.server.routes import HEALTH, Services, make_routes
from rhapsode.server.share import Share
from rhapsode.server.strays import Strays
from rhapsode.server.tasks import TaskDesk
from rhapsode.server.tls import open_tls
from rhapsode.server.two_doors import TwoDoors, is_administrative, with_open_metrics
from rhapsode.service.chat import ChatService
from rhapsode.service.embed import EmbedService
from rhapsode.service.long_text import LongText
from rhapsode.service.speech import SpeechService
from rhapsode.service.task_runner import TaskRunner
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.settings.shape import SearchSettings

_HOUR = 3600
_DAY = 24 * _HOUR


def create_app(services: Services, *, admin_port: int | None = None, open_metrics: bool = False) -> ASGIApp:
    """The ASGI application.

    With `admin_port`, what is for administrators is served to those alone who come to this port, health beside it;
    `open_metrics`: the figures there are told without a key.
    """
    routes, strays = make_routes(services), Strays(services.meter.watcher)
    if admin_port is None:
        return _served(routes, strays)
    health = [route for route in routes if isinstance(route, Route) and route.path in HEALTH]
    ours = [route for route in routes if is_administrative(route)]
    ours = [*(with_open_metrics(ours, services.meter.watcher) if open_metrics else ours), *health]
    calls = [route for route in routes if not is_administrative(route)]
    return TwoDoors(_served(calls, strays), _served(ours, strays), port=admin_port)


def _served(routes: Sequence[BaseRoute], strays: Strays) -> Direct:
    app = Starlette(routes=routes, exception_handlers={405: strays.wrong_method})
    app.router.default = strays.not_found
    app.router.redirect_slashes = False  # the platform's gateway does not know an address with one more
    return Direct(app)


def open_way(home: Home) -> Way:
    """What lies between callers and the application, as the home's settings say. Raises `SettingsError`."""
    chosen = read_settings(home.settings_file).server
    tls = open_tls(home.path / chosen.tls_cert, home.path / chosen.tls_key) if chosen.tls_cert else None
    return Way(tls=tls, proxies=chosen.behind_proxy, origins=chosen.cors_origins)


@asynccontextmanager
async def open_chat_service(home: Home, opener: EngineOpener | None = None) -> AsyncGenerator[ChatService]:
    """Chat as the home's settings say, its engines loaded; leaving closes them.

    `opener` opens the engines; without one, this process does. Every public model name without a line of its own is
    served by the default engine. Raises `SettingsError`, `EngineMissing`, `EngineError`.
    """
    whole = read_settings(home.settings_file)
    settings = whole.chat
    opener = opener or OwnEngines(home.models)
    async with AsyncExitStack() as stack:
        engines: dict[str, ChatEngine] = {}
        for name, setting in settings.engines.items():
            engine = await opener.chat(name, setting.kind, setting.options)
            stack.push_async_callback(engine.close)
            engines[name] = engine
        routes = {model: [engines[settings.default]] for model in CHAT_MODELS}
        routes |= {model: [engines[name] for name in names] for model, names in settings.models.items()}
        search = _open_search(whole.search)
        if search:
            stack.push_async_callback(search.close)
        yield ChatService(routes=routes, base_model=base_model, search=search)


@asynccontextmanager
async def open_speech_service(
    home: Home, book: VoiceBook | None = None, opener: EngineOpener | None = None
) -> AsyncGenerator[SpeechService]:
    """Speech as the home's settings say, with the callers' own voices; leaving closes its engine.

    Raises as `open_chat_service` does.
    """
    settings = read_settings(home.settings_file).speech
    setting = settings.engines[settings.default]
    engine = await (opener or OwnEngines(home.models)).speech(settings.default, setting.kind, setting.options)
    try:
        yield SpeechService(engine=engine, open_encoder=open_encoder, book=book)
    finally:
        await engine.close()


@asynccontextmanager
async def open_embed_service(home: Home, opener: EngineOpener | None = None) -> AsyncGenerator[EmbedService]:
    """Embeddings as the home's settings say, perhaps none at all. Otherwise as `open_chat_service`."""
    settings = read_settings(home.settings_file).embed
    opener = opener or OwnEngines(home.models)
    async with AsyncExitStack() as stack:
        engines: dict[str, EmbedEngine] = {}
        for name, setting in settings.engines.items():
            engine = await opener.embed(name, setting.kind, setting.options)
            stack.push_async_callback(engine.close)
            engines[name] = engine
        routes = {} if settings.default is None else {PLATFORM_MODEL: [engines[settings.default]]}
        routes |= {model: [engines[name] for name in names] for model, names in settings.models.items()}
        yield EmbedService(routes=routes)


def open_limiter(home: Home, together: Together | None = None, *, processes: int = 1) -> QuotaLimiter:
    """Limits as the home's settings say, counted in Redis where they name one, else by `together`, where that is given.

    `processes`: how many this server is. Raises `SettingsError`.
    """
    chosen = read_settings(home.settings_file).limits
    figures = (
        chosen.requests_per_minute,
        chosen.tokens_per_minute,
        chosen.characters_per_minute,
        chosen.parallel,
    )
    requests, tokens, characters, parallel = figures
    default = LimitRule(
        scope=Scope.GROUP,
        scope_id="",
        requests_per_minute=requests,
        tokens_per_minute=tokens,
        characters_per_minute=characters,
        parallel=parallel,
    )
    url = chosen.redis_url
    if chosen.redis_url_env and not (url := os.environ.get(chosen.redis_url_env, "")):
        raise SettingsError(f"limits.redis_url_env: the environment variable {chosen.redis_url_env} is empty or absent")
    return QuotaLimiter(
        default=default if any(figures) else None,
        together=_open_redis(url, chosen.redis_seconds) if url else together,
        processes=max(processes, chosen.processes if url else 1),
    )


def _open_redis(url: str, patience: float) -> Together:
    try:
        from rhapsode.accounts.quota.shared import SharedQuota  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise SettingsError("limits.redis_url: Redis needs an extra: pip install 'rhapsode[redis]'") from error
    return SharedQuota(url, patience=patience)


def open_prices(home: Home) -> Prices:
    """Prices as the home's settings say. Raises `SettingsError`."""
    return Prices(
        {
            name: price_of(prompt=it.prompt, cached=it.cached, reply=it.reply, characters=it.characters)
            for name, it in read_settings(home.settings_file).prices.models.items()
        }
    )


def open_desk(home: Home, database: Database, secret: bytes) -> FileDesk:
    """Files as the home's settings say. Raises `SettingsError`."""
    settings = read_settings(home.settings_file)
    chosen = settings.files
    return FileDesk(
        files=Files(database, Store(home.files), quota=Quota(size=chosen.group_size, count=chosen.group_count)),
        links=Links(secret, public_url=settings.server.public_url),
        link_seconds=round(chosen.link_hours * _HOUR),
        speech_seconds=round(chosen.speech_hours * _HOUR),
        upload_seconds=chosen.upload_days * _DAY or None,
    )


@asynccontextmanager
async def open_long_texts(
    home: Home, database: Database, files: Files, speech: SpeechService, share: Share
) -> AsyncGenerator[TaskDesk]:
    """Long texts as the home's settings say, worked on beside the calls; files are swept too, by the first process."""
    chosen = read_settings(home.settings_file).tasks
    tasks = Tasks(database, files, waiting=chosen.waiting, result_seconds=chosen.result_days * _DAY)
    work = LongText(
        speech=speech,
        tasks=tasks,
        store=files.store,
        directory=home.tasks,
        purpose=RESULT_PURPOSE,
        write_notes=write_notes,
    )
    runner = TaskRunner(tasks=tasks, long_text=work, parallel=share.of_parallel(chosen.parallel))
    sweeps = [partial(keep_swept, database, files.store, tasks, home.tasks)] if share.index == 0 else []
    async with in_background(runner.run, *sweeps):
        yield TaskDesk(speech=speech, tasks=tasks, files=files, wake=runner.wake)


def _open_search(settings: SearchSettings) -> SearchEngine | None:
    if not settings.url:
        return None
    return open_search(settings.url, results=settings.results, timeout=settings.timeout)
