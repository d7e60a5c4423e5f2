"""A server's parts, put together: what every process that serves calls has for itself."""

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from rhapsode.accounts.forget import keep_short
from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.ledger import DatabaseLedger
from rhapsode.accounts.quota.limiter import Together
from rhapsode.audio.encode import open_encoder
from rhapsode.core.errors import EngineMissing
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.dialects.openai.speech import MODELS as SPEECH_MODELS
from rhapsode.server.admin_routes import open_administration
from rhapsode.server.app import (
    open_chat_service,
    open_desk,
    open_embed_service,
    open_limiter,
    open_long_texts,
    open_prices,
    open_speech_service,
)
from rhapsode.server.background import in_background
from rhapsode.server.engine_opener import EngineOpener, OwnEngines
from rhapsode.server.routes import Services
from rhapsode.server.share import Share
from rhapsode.server.tracing import open_traces
from rhapsode.server.voice_making import make_voice_maker
from rhapsode.server.watched_engines import WatchedEngines
from rhapsode.service.admission import Admission
from rhapsode.service.meter import Meter
from rhapsode.service.speech import NoSpeech, SpeechService
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.telemetry import metrics
from rhapsode.telemetry.calls import CallWatcher
from rhapsode.telemetry.sampling import Sampler
from rhapsode.voices.book import OwnVoices
from rhapsode.voices.catalogue import load_voices


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """The parts. `missing` says what was not installed, and how to."""

    services: Services
    accounts: Accounts
    missing: str | None


@asynccontextmanager
async def assembled(
    home: Home,
    *,
    opener: EngineOpener | None = None,
    share: Share | None = None,
    together: Together | None = None,
) -> AsyncGenerator[Assembled]:
    """The parts, their engines loaded, at work in the background already; leaving closes them.

    Raises `SettingsError`, `EngineMissing`, `EngineError`, `StorageError`.
    """
    sampler, watcher, admission = Sampler(), CallWatcher(), Admission()
    opener = WatchedEngines(opener or OwnEngines(home.models), sampler)
    async with AsyncExitStack() as stack:
        database = open_database(home.database_url(read_settings(home.settings_file), os.environ))
        stack.callback(database.close)
        migrate(database)
        secret = home.secret(os.environ)
        accounts = Accounts(database, secret)
        desk = open_desk(home, database, secret)
        book = OwnVoices(database)
        ledger = DatabaseLedger(database)
        stack.push_async_callback(ledger.close)
        limiter = open_limiter(home, together, processes=(share or Share()).of)
        stack.push_async_callback(limiter.close)
        to = read_settings(home.settings_file).traces
        traces = open_traces(to.endpoint, sample=to.sample)
        if traces is not None:
            stack.push_async_callback(traces.close)
        meter = Meter(limiter=limiter, ledger=ledger, price=open_prices(home).cost, watcher=watcher, traces=traces)
        stack.push_async_callback(meter.finish)
        if days := read_settings(home.settings_file).database.keep_days:
            await stack.enter_async_context(in_background(partial(keep_short, database, days=days)))
        chat = await stack.enter_async_context(open_chat_service(home, opener))
        embed = await stack.enter_async_context(open_embed_service(home, opener))
        speech, missing = await _open_speech(home, stack, book, opener)
        services = Services(
            chat=chat,
            speech=speech,
            embed=embed,
            desk=desk,
            long_texts=await stack.enter_async_context(
                open_long_texts(home, database, desk.files, speech, share or Share())
            ),
            maker=make_voice_maker(speech=speech, shelf=book, files=desk.files),
            administration=open_administration(
                database, accounts, secret, currency=read_settings(home.settings_file).prices.currency
            ),
            authority=accounts,
            admission=admission,
            meter=meter,
        )
        watcher.know((*chat.models, *embed.models, *SPEECH_MODELS))
        sampler.watch(metrics.IN_FLIGHT, lambda: admission.in_flight)
        sampler.watch(metrics.LIMITER_FALLBACK, lambda: int(limiter.on_fallback))
        sampler.watch(metrics.LEDGER_WAITING, lambda: ledger.waiting)
        await stack.enter_async_context(sampler.looking())
        stack.callback(database.hurry)  # before all that is closed first and writes as it closes
        yield Assembled(services=services, accounts=accounts, missing=missing)


async def _open_speech(
    home: Home, stack: AsyncExitStack, book: OwnVoices, opener: EngineOpener
) -> tuple[SpeechService, str | None]:
    """Speech, or what is missing for it: chat is worth serving without."""
    try:
        return await stack.enter_async_context(open_speech_service(home, book, opener)), None
    except EngineMissing as error:
        return SpeechService(engine=NoSpeech(error, load_voices()), open_encoder=open_encoder), error.message
