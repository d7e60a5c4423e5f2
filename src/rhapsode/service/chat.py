"""A reply in character: finds the engine that serves the model, and the next one when it fails before it has begun."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import structlog

from rhapsode.core.chat import ChatEngine, ChatEvent, ChatReply, ChatRequest, collect
from rhapsode.core.errors import NotSupported, PromptTooLong, ServiceError, UnknownModel
from rhapsode.core.search import SearchEngine
from rhapsode.service.continued import beyond, from_the_beginning
from rhapsode.service.looked_up import look_up
from rhapsode.service.masked import masked
from rhapsode.telemetry.spans import part
from rhapsode.text.mask import mask

Hear = Callable[[ChatEvent], None]

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.service")


def unheard(_event: ChatEvent, /) -> None:
    """Nobody counts."""


class ChatService:
    """Replies for every model name that `routes` knows.

    `routes` gives the engines of a model, the first choice first. `base_model` turns the name that a caller used into
    one that `routes` may know, so that fine-tuned names need no route of their own. A name is known in any case of its
    letters, since clients in use write the platform's in lower case. `search` is absent where nobody set
    one up: then who asks for it is refused.
    """

    def __init__(
        self,
        *,
        routes: Mapping[str, Sequence[ChatEngine]],
        base_model: Callable[[str], str],
        search: SearchEngine | None = None,
    ) -> None:
        self._routes = routes
        self._in_any_case = {name.casefold(): name for name in routes}
        self._base_model = base_model
        self._search = search

    @property
    def models(self) -> Sequence[str]:
        """The names that may be asked for; `base_model` adds those that are made of them."""
        return tuple(self._routes)

    def serves(self, model: str) -> bool:
        """Whether a model of this name may be asked for."""
        return self._route(model) is not None

    def known_as(self, model: str) -> str:
        """The name under which a model is served that a caller calls so. Raises `UnknownModel`."""
        if (name := self._route(model)) is None:
            raise UnknownModel(model)
        return name

    async def reply(self, request: ChatRequest, hear: Hear = unheard, /) -> AsyncGenerator[ChatEvent]:
        """The events of one reply, as `ChatEngine.reply`, masked and after a search where that is asked for.

        `hear` is called for every event of the engine, however few come of them. Raises `UnknownModel` too.
        """
        events = self._begin(await self._prepared(request), hear)
        if _is_masked(request):
            events = masked(events)
        async with aclosing(events):
            async for event in events:
                yield event

    async def whole(self, request: ChatRequest, hear: Hear = unheard, /) -> ChatReply:
        """What the events of `reply` add up to; it is masked in one go, which is quicker."""
        async with aclosing(self._begin(await self._prepared(request), hear)) as events:
            return await collect(events, mask if _is_masked(request) else str)

    async def _prepared(self, request: ChatRequest) -> ChatRequest:
        """With what a search found, where one is asked for."""
        self.known_as(request.model)
        if not request.search:
            return request
        return replace(request, search=False, findings=await look_up(request, self._search))

    def _begin(self, request: ChatRequest, hear: Hear) -> AsyncGenerator[ChatEvent]:
        engines = self._routes[self.known_as(request.model)]
        if request.begun:
            return beyond(request.begun, self._first_able(engines, from_the_beginning(request), hear))
        return self._first_able(engines, request, hear)

    def _route(self, model: str) -> str | None:
        for name in (model, self._base_model(model)):
            if found := name if name in self._routes else self._in_any_case.get(name.casefold()):
                return found
        return None

    async def _first_able(
        self, engines: Sequence[ChatEngine], request: ChatRequest, hear: Hear
    ) -> AsyncGenerator[ChatEvent]:
        """The reply of the first engine that begins one."""
        down: ServiceError | None = None
        for engine in engines:
            begun = False
            try:
                with part("engine"):
                    async with aclosing(engine.reply(request)) as events:
                        async for event in events:
                            begun = True
                            hear(event)
                            yield event
            except (ServiceError, PromptTooLong, NotSupported) as error:
                if begun:  # the caller has heard its beginning: another engine would start another reply
                    raise
                if engine is engines[-1]:
                    if down is None or isinstance(error, ServiceError):
                        raise
                    raise down from error  # it may be able to reply once it is up again: no mistake of the caller's
                if isinstance(error, ServiceError):
                    down = error
                _log.warning("the next engine replies instead", model=request.model, error=error.message)
            else:
                return


def _is_masked(request: ChatRequest) -> bool:
    """A form would no longer be what was asked for."""
    return request.mask and request.constraint is None
