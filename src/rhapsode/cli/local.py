"""The engines in this process, for a machine where no server runs.

The event loop lives in a thread of its own, so that the engines are looked after while the main thread waits for a
key. What is asked goes through the wire's own reader first: a rule that the server has, holds here too.
"""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, aclosing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from rhapsode.cli.screen import Screen
from rhapsode.client import ChatOptions, Speech, SpeechOptions, chat_request, speech_request
from rhapsode.core.caller import Caller
from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatText, Finish, Turn
from rhapsode.core.errors import EngineMissing
from rhapsode.core.speech import SpeechAudio, SpeechRequest
from rhapsode.core.voice import VoiceBook
from rhapsode.dialects.minimax import chat_pro, t2a, t2a_v2
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings

if TYPE_CHECKING:
    from rhapsode.service.chat import ChatService
    from rhapsode.service.speech import SpeechService

ServiceT = TypeVar("ServiceT")
_Opens = Callable[[Home], AbstractAsyncContextManager[ServiceT]]

_OpensSpeech = Callable[[Home, VoiceBook | None], AbstractAsyncContextManager["SpeechService"]]


class LocalChat:
    """Replies with the engines of the home's settings."""

    def __init__(self, portal: BlockingPortal, service: "ChatService") -> None:
        self._portal = portal
        self._service = service

    def reply(self, turns: Sequence[Turn], options: ChatOptions, /) -> Generator[str | Finish]:
        """As `Replier.reply`."""
        call = chat_pro.ProCall(request=chat_request(turns, **options))
        request = chat_pro.read_request(chat_pro.write_request(call)).request
        heard: SimpleQueue[ChatEvent | None] = SimpleQueue()
        work = self._portal.start_task_soon(self._work, request, heard)
        try:
            while (event := heard.get()) is not None:
                match event:
                    case ChatText():
                        yield event.text
                    case ChatEnd():
                        yield event.finish
                    case _:
                        pass  # thoughts are not shown, and no functions are on offer
            work.result()  # raises what the work raised
        finally:
            work.cancel()

    async def _work(self, request: ChatRequest, heard: SimpleQueue[ChatEvent | None]) -> None:
        try:
            async with aclosing(self._service.reply(request)) as events:
                async for event in events:
                    heard.put(event)
        finally:
            heard.put(None)


class LocalSpeech:
    """Speaks with the engine of the home's settings."""

    def __init__(self, portal: BlockingPortal, service: "SpeechService", caller: Caller) -> None:
        self._portal = portal
        self._service = service
        self._caller = caller

    def speak(self, text: str, options: SpeechOptions, /) -> Speech:
        """As `Speaker.speak`."""
        call = t2a_v2.T2aV2Call(request=speech_request(text, **options))
        request = t2a_v2.read_request(t2a_v2.write_request(call)).request
        work = self._portal.start_task_soon(self._work, request)
        try:
            return Speech(audio=work.result(), content_type=t2a.CONTENT_TYPES[request.audio.format], trace_id=None)
        finally:
            work.cancel()

    async def _work(self, request: SpeechRequest) -> bytes:
        async with aclosing(self._service.speak(request, self._caller)) as events:
            return b"".join([event.audio async for event in events if isinstance(event, SpeechAudio)])


@contextmanager
def open_local_chat(screen: Screen, home: Home) -> Generator[LocalChat]:
    """The chat engines, loaded. Raises EngineMissing, SettingsError, EngineError."""
    open_service, _ = _server_parts(screen)
    with start_blocking_portal() as portal, ExitStack() as stack:
        with screen.busy(screen.words.loading_chat):
            service = stack.enter_context(portal.wrap_async_context_manager(open_service(home)))
        yield LocalChat(portal, service)


@contextmanager
def open_local_speech(screen: Screen, home: Home) -> Generator[LocalSpeech]:
    """The speech engine, started. Raises EngineMissing, SettingsError, EngineError."""
    _, open_service = _server_parts(screen)
    with start_blocking_portal() as portal, ExitStack() as stack:
        with screen.busy(screen.words.loading_speech):
            book, caller = stack.enter_context(_open_book(home))
            service = stack.enter_context(portal.wrap_async_context_manager(open_service(home, book)))
        yield LocalSpeech(portal, service, caller)


@contextmanager
def _open_book(home: Home) -> Generator[tuple[VoiceBook | None, Caller]]:
    """The voices that the home's first group has made, and who asks for them; none in a home that was never used."""
    from rhapsode.accounts.keys import FIRST_GROUP, Accounts  # noqa: PLC0415  an extra
    from rhapsode.database.migrate import migrate  # noqa: PLC0415
    from rhapsode.database.open import open_database  # noqa: PLC0415
    from rhapsode.voices.book import OwnVoices  # noqa: PLC0415

    url = home.database_url(read_settings(home.settings_file), os.environ)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        yield None, Caller(group_id="", key_id="")
        return
    database = open_database(url)
    try:
        migrate(database)
        accounts = Accounts(database, home.secret(os.environ))
        group_ids = {record.group_name: record.group_id for record in accounts.list_keys()}
        yield OwnVoices(database), Caller(group_id=group_ids.get(FIRST_GROUP, ""), key_id="cli")
    finally:
        database.close()


def _server_parts(screen: Screen) -> "tuple[_Opens[ChatService], _OpensSpeech]":
    try:
        from rhapsode.server.app import open_chat_service, open_speech_service  # noqa: PLC0415  an extra
        from rhapsode.telemetry.logs import configure_logs  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise EngineMissing(screen.words.missing_extra.format(missing=error.name)) from error
    configure_logs(json=False, level="error")
    return open_chat_service, open_speech_service
