"""Every URL: which of them ask for no key."""

from pathlib import Path

from starlette.routing import BaseRoute, Route, WebSocketRoute

from rhapsode.accounts.keys import Accounts
from rhapsode.audio.encode import open_encoder
from rhapsode.core.errors import EngineMissing
from rhapsode.database.open import open_database
from rhapsode.jobs.tasks import Tasks
from rhapsode.server.admin import AdminEndpoint
from rhapsode.server.admin_routes import open_administration
from rhapsode.server.app import open_desk
from rhapsode.server.boundary import Endpoint
from rhapsode.server.metrics import MetricsEndpoint
from rhapsode.server.routes import PUBLIC, Services, make_routes
from rhapsode.server.t2a_ws import SpeechSocket
from rhapsode.server.tasks import TaskDesk
from rhapsode.server.voice_making import make_voice_maker
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from rhapsode.service.embed import EmbedService
from rhapsode.service.speech import NoSpeech, SpeechService
from rhapsode.settings.home import Home
from rhapsode.voices.book import OwnVoices
from tests.live.test_ledger import BARE, FREE, WORK
from tests.server.kept import meter
from tests.server.test_boundary import Keys


def table(tmp_path: Path) -> list[BaseRoute]:
    """Every route of a server whose engines do nothing."""
    database = open_database(f"sqlite:///{tmp_path / 'rhapsode.db'}")
    nobody = NoSpeech(EngineMissing("not here"), [])
    speech = SpeechService(engine=nobody, open_encoder=open_encoder)
    desk = open_desk(Home(tmp_path), database, b"s" * 32)
    services = Services(
        chat=ChatService(routes={}, base_model=str),
        speech=speech,
        embed=EmbedService(routes={}),
        desk=desk,
        long_texts=TaskDesk(
            speech=speech,
            tasks=Tasks(database, desk.files, waiting=1, result_seconds=1),
            files=desk.files,
            wake=lambda: None,
        ),
        maker=make_voice_maker(speech=speech, shelf=OwnVoices(database), files=desk.files),
        administration=open_administration(database, Accounts(database, b"s" * 32), b"s" * 32, currency="CNY"),
        authority=Keys(),
        admission=Admission(),
        meter=meter(),
    )
    routes = make_routes(services)
    database.close()
    return routes


def test_every_address_asks_for_a_key_unless_it_is_listed(tmp_path: Path) -> None:
    routes = table(tmp_path)
    served = [(route.path, route.app) for route in routes if isinstance(route, Route | WebSocketRoute)]
    assert len(served) == len(routes)
    assert {
        path for path, app in served if not isinstance(app, Endpoint | SpeechSocket | AdminEndpoint | MetricsEndpoint)
    } == PUBLIC


def test_the_ledgers_tables_name_every_address(tmp_path: Path) -> None:
    # Else a new kind of work could be forgotten in the ledger.
    served = [(route.path, route.app) for route in table(tmp_path) if isinstance(route, Route)]
    endpoints = [(path, app) for path, app in served if isinstance(app, Endpoint)]
    assert {path for path, app in endpoints if app.works} == {*WORK, *BARE}
    assert {path for path, app in endpoints if not app.works} == set(FREE)
