"""A conversation that keeps its turns, as the platform's quickstart does by hand.

What is kept: a turn and the reply to it, both or neither. A call that fails leaves the turns as they were, so that it
can be made again. A stream that its listener left early is kept as far as it was heard, because that is what was said;
one that broke by itself is not. A reply without text and call is not kept either: no server takes an empty turn back.
"""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Protocol, Unpack

from rhapsode.client._calls import DEFAULT_USER, ChatOptions, chat_request
from rhapsode.client._replies import Reply
from rhapsode.client._stream import AsyncReplyStream, ReplyStream
from rhapsode.core.chat import Role, Turn


class Chats(Protocol):
    """What a conversation is held over: `Client`."""

    def chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Reply:
        """One reply."""
        ...

    def stream_chat(
        self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]
    ) -> AbstractContextManager[ReplyStream]:
        """One reply as it comes."""
        ...


class AsyncChats(Protocol):
    """What a conversation is held over: `AsyncClient`."""

    async def chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Reply:
        """One reply."""
        ...

    def stream_chat(
        self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]
    ) -> AbstractAsyncContextManager[AsyncReplyStream]:
        """One reply as it comes."""
        ...


class _Talk:
    """The turns and the options, and how a call changes them."""

    def __init__(self, turns: Sequence[Turn], options: ChatOptions) -> None:
        chat_request("", **options)  # raises BadRequest here rather than at the first turn
        self._turns = tuple(turns)
        self._options = options

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What was said so far, oldest first. Give it to another conversation's `turns` to go on there."""
        return self._turns

    def _said(self, said: str | Turn, user: str | None) -> tuple[Turn, ...]:
        if isinstance(said, Turn):
            return (*self._turns, said)
        speaker = user or self._options.get("user", DEFAULT_USER)
        return (*self._turns, Turn(role=Role.USER, speaker=speaker, text=said))

    def _asked(self, reply_as: str | None) -> ChatOptions:
        options = self._options.copy()
        if reply_as is not None:
            options["reply_as"] = reply_as
        return options

    def _keep(self, said: tuple[Turn, ...], reply: Turn) -> None:
        if reply.text or reply.calls:
            self._turns = (*said, reply)

    def _keep_stream(
        self, said: tuple[Turn, ...], options: ChatOptions, stream: ReplyStream | AsyncReplyStream
    ) -> None:
        if not stream.broken:
            replier = chat_request(said, **options).reply_as
            calls = () if stream.function_call is None else (stream.function_call,)
            self._keep(said, Turn(role=Role.BOT, speaker=replier, text=stream.text, calls=calls))


class Conversation(_Talk):
    """Made by `Client.conversation`. For one thread: a reply belongs to the turn before it."""

    def __init__(self, client: Chats, turns: Sequence[Turn], options: ChatOptions) -> None:
        super().__init__(turns, options)
        self._client = client

    def say(self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None) -> Reply:
        """Say something and hear the reply. `user` and `reply_as` hold for this turn alone. Raises CallError.

        A turn is said as it is: `reply.answer("...")` answers the function call of the reply before.
        """
        turns, options = self._said(text, user), self._asked(reply_as)
        reply = self._client.chat(turns, **options)
        self._keep(turns, reply.turn)
        return reply

    @contextmanager
    def stream(
        self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None
    ) -> Generator[ReplyStream]:
        """As `say`, with the reply as it comes."""
        turns, options = self._said(text, user), self._asked(reply_as)
        with self._client.stream_chat(turns, **options) as stream:
            try:
                yield stream
            finally:
                self._keep_stream(turns, options, stream)


class AsyncConversation(_Talk):
    """Made by `AsyncClient.conversation`. For one task: a reply belongs to the turn before it."""

    def __init__(self, client: AsyncChats, turns: Sequence[Turn], options: ChatOptions) -> None:
        super().__init__(turns, options)
        self._client = client

    async def say(self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None) -> Reply:
        """Say something and hear the reply. `user` and `reply_as` hold for this turn alone. Raises CallError.

        A turn is said as it is: `reply.answer("...")` answers the function call of the reply before.
        """
        turns, options = self._said(text, user), self._asked(reply_as)
        reply = await self._client.chat(turns, **options)
        self._keep(turns, reply.turn)
        return reply

    @asynccontextmanager
    async def stream(
        self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None
    ) -> AsyncGenerator[AsyncReplyStream]:
        """As `say`, with the reply as it comes."""
        turns, options = self._said(text, user), self._asked(reply_as)
        async with self._client.stream_chat(turns, **options) as stream:
            try:
                yield stream
            finally:
                self._keep_stream(turns, options, stream)
