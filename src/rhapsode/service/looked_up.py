"""What the web says to a conversation's last question."""

from typing import Final

import structlog

from rhapsode.core.chat import ChatRequest, Finding, Role
from rhapsode.core.errors import EngineError, EngineMissing, NotSupported
from rhapsode.core.search import SearchEngine

_LONGEST_QUERY: Final = 256
"""characters; search engines cut at about as many"""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.service")


async def look_up(request: ChatRequest, search: SearchEngine | None) -> tuple[Finding, ...]:
    """What is found for the last thing that a user said.

    A search server that is slow or down costs the findings and not the reply: it is logged. One that is not set up for
    this is told to the caller, since it would stay unnoticed. Raises `NotSupported` where there is none, and
    `EngineMissing`.
    """
    if search is None:
        rule = "web search needs search.url in the server's settings: the address of a SearXNG server"
        raise NotSupported(request.search_field, rule)
    query = _query(request)
    if not query:
        return ()
    try:
        return tuple(await search.find(query))
    except EngineMissing:
        raise
    except EngineError as error:
        _log.warning("the reply goes on without a web search", error=error.message)
        return ()


def _query(request: ChatRequest) -> str:
    """The last user's text in one line, its beginning where it is long."""
    said = next((turn.text for turn in reversed(request.turns) if turn.role is Role.USER), "")
    words = " ".join(said[: 4 * _LONGEST_QUERY].split())
    return words[:_LONGEST_QUERY]
