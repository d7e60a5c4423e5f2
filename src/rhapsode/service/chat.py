"""A reply in character: finds the engine that serves the model, and the next one when it fails before it has begun."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

import structlog

from rhapsode.core.chat import ChatEngine, ChatEvent, ChatRequest
from rhapsode.core.errors import PromptTooLong, ServiceError, UnknownModel

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.service")


class ChatService:
    """Replies for every model name that `routes` knows.

    `routes` gives the engines of a model, the first choice first. `base_model` turns the name that a caller used into
    one that `routes` may know, so that fine-tuned names need no route of their own.
    """

    def __init__(self, *, routes: Mapping[str, Sequence[ChatEngine]], base_model: Callable[[str], str]) -> None:
        self._routes = routes
        self._base_model = base_model

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """The events of one reply, as `ChatEngine.reply`. Raises `UnknownModel` too."""
        engines = self._routes.get(request.model) or self._routes.get(self._base_model(request.model))
        if not engines:
            raise UnknownModel(request.model)
        *others, last = engines
        for engine in others:
            begun = False
            try:
                async with aclosing(engine.reply(request)) as events:
                    async for event in events:
                        begun = True
                        yield event
            except (ServiceError, PromptTooLong) as error:
                if begun:  # the caller has heard its beginning: another engine would start another reply
                    raise
                _log.warning("the next engine replies instead", model=request.model, error=error.message)
            else:
                return
        async with aclosing(last.reply(request)) as events:
            async for event in events:
                yield event
