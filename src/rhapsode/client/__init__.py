"""The SDK: typed calls to any server that speaks the platform's API."""

from rhapsode.client._async import AsyncClient
from rhapsode.client._calls import ChatOptions, SpeechOptions
from rhapsode.client._conversation import AsyncConversation, Conversation
from rhapsode.client._errors import (
    AuthenticationFailed,
    BadRequest,
    BalanceExhausted,
    CallError,
    ConnectionFailed,
    ContentRefused,
    RateLimited,
    ReplyCut,
    ServerFailed,
    TimedOut,
    UnreadableReply,
)
from rhapsode.client._replies import Reply, Speech, Usage
from rhapsode.client._stream import AsyncReplyStream, ReplyStream
from rhapsode.client._sync import Client

__all__ = [
    "AsyncClient",
    "AsyncConversation",
    "AsyncReplyStream",
    "AuthenticationFailed",
    "BadRequest",
    "BalanceExhausted",
    "CallError",
    "ChatOptions",
    "Client",
    "ConnectionFailed",
    "ContentRefused",
    "Conversation",
    "RateLimited",
    "Reply",
    "ReplyCut",
    "ReplyStream",
    "ServerFailed",
    "Speech",
    "SpeechOptions",
    "TimedOut",
    "UnreadableReply",
    "Usage",
]
