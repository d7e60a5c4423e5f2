"""Engines of the service's tests: they say what they were given to say."""

from collections.abc import AsyncGenerator, Sequence

from rhapsode.core.chat import (
    Bot,
    ChatEnd,
    ChatEvent,
    ChatRequest,
    ChatUsage,
    Finding,
    Finish,
    Role,
    Sampling,
    Turn,
)

END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=1, reply_tokens=1))


class Says:
    """Implements `ChatEngine`: gives these events, then `END`."""

    def __init__(self, *events: ChatEvent) -> None:
        self.events = events
        self.asked: list[ChatRequest] = []

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        self.asked.append(request)
        for event in self.events:
            yield event
        yield END

    async def close(self) -> None:
        """Nothing is held."""


class Finds:
    """Implements `SearchEngine`: finds these, or fails."""

    def __init__(self, *findings: Finding, failure: Exception | None = None) -> None:
        self.findings = findings
        self.failure = failure
        self.queries: list[str] = []

    async def find(self, query: str, /) -> Sequence[Finding]:
        self.queries.append(query)
        if self.failure:
            raise self.failure
        return self.findings

    async def close(self) -> None:
        """Nothing is held."""


def asking(*said: str) -> ChatRequest:
    """A request for bot B's reply to these texts of user U."""
    return ChatRequest(
        model="m",
        bots=(Bot(name="B", description=""),),
        turns=tuple(Turn(role=Role.USER, speaker="U", text=text) for text in said),
        reply_as="B",
        max_tokens=100,
        sampling=Sampling(temperature=1, top_p=1),
    )
