"""Chat by another server of the MiniMax dialect: the platform itself, or another Rhapsode.

It is asked over ChatCompletion Pro, which knows nearly all that a request here can hold.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from pathlib import Path

from yarl import URL

from rhapsode.core.chat import ChatEvent, ChatRequest
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.dialects.minimax.chat_pro import ProCall, write_request
from rhapsode.engines.chat.pro_reader import ProReader
from rhapsode.engines.chat.pro_request import as_pro
from rhapsode.engines.upstream.address import interface
from rhapsode.engines.upstream.calls import Calls
from rhapsode.engines.upstream.minimax_codes import judge_answer
from rhapsode.engines.upstream.open import open_calls
from rhapsode.engines.upstream.options import UpstreamOptions, read_upstream_options
from rhapsode.telemetry.readings import Name


class Options(UpstreamOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table of the settings file. `group_id`: the group that the key belongs to, where the server asks for it."""

    group_id: str = ""


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "MinimaxUpstream":
    """Nothing is asked of the server yet. Raises `SettingsError`."""
    _ = find_model  # the model is elsewhere
    chosen = read_upstream_options(options, Options, kind="minimax")
    url = URL(f"{interface(chosen.base_url)}/text/chatcompletion_pro")
    if chosen.group_id:
        url = url.with_query(GroupId=chosen.group_id)
    return MinimaxUpstream(open_calls(chosen, judge=judge_answer), url, model=chosen.model)


class MinimaxUpstream:
    """Implements `ChatEngine`."""

    def __init__(self, calls: Calls, url: URL, *, model: str) -> None:
        self._calls = calls
        self._url = url
        self._model = model

    def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol. A reply of a given form comes in one piece: the dialect has no streams of those."""
        call = ProCall(request=as_pro(request, model=self._model), stream=request.constraint is None)
        body = _write(call)
        if call.stream:
            return self._calls.stream(self._url, body, partial(ProReader, stops=request.stops))
        return self._in_one_piece(body)

    async def _in_one_piece(self, body: bytes) -> AsyncGenerator[ChatEvent]:
        for event in await self._calls.ask(self._url, body, lambda answer: ProReader(plain=True).feed(answer)):
            yield event

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        return self._calls.readings()

    async def close(self) -> None:
        """Of the protocol."""
        await self._calls.close()


def _write(call: ProCall) -> bytes:
    try:
        return write_request(call)
    except NotSupported:
        raise
    except InvalidField as error:  # the dialect has no words for it; another engine need not speak it
        raise NotSupported(error.field, error.rule) from error
