"""Texts as vectors: finds the engine that serves the model, and the next one when it fails."""

from collections.abc import Mapping, Sequence

import structlog

from rhapsode.core.embedding import Embeddings, EmbedEngine, EmbedRequest
from rhapsode.core.errors import NotSupported, ServiceError, UnknownModel
from rhapsode.telemetry.spans import part

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.service")


class EmbedService:
    """Vectors for every model name that `routes` knows, each with its engines, the first choice first.

    Engines of one name must hold the same model: vectors of two models cannot be compared.
    """

    def __init__(self, *, routes: Mapping[str, Sequence[EmbedEngine]]) -> None:
        self._routes = routes

    @property
    def models(self) -> Sequence[str]:
        """The names that may be asked for."""
        return tuple(self._routes)

    def check(self, model: str) -> None:
        """Raises `UnknownModel` where nothing serves the model, and `NotSupported` where no engine is configured."""
        if not self._routes:
            raise NotSupported(
                "model",
                "this server has no embedding engine: describe one under [embed.engines.NAME] in its settings file, and"
                " name the models that it serves under [embed.models]",
            )
        if not self._routes.get(model):
            raise UnknownModel(model)

    async def embed(self, request: EmbedRequest, /) -> Embeddings:
        """As `EmbedEngine.embed`. Raises as `check`, too."""
        self.check(request.model)
        *others, last = self._routes[request.model]
        for engine in others:
            try:
                with part("engine"):
                    return await engine.embed(request)
            except ServiceError as error:
                _log.warning("the next engine embeds instead", model=request.model, error=error.message)
        with part("engine"):
            return await last.embed(request)
