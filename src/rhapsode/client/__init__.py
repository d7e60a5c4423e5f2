"""The SDK: typed calls to any server that speaks the platform's API.

Most names are public as `rhapsode.NAME`. `answers`, `find_address`, `names_address`, `chat_request` and
`speech_request` are for this project's own server and command line, which reads the same arguments and does without a
server.
"""

from rhapsode.client._address import Address, find_address, names_address
from rhapsode.client._async import AsyncClient
from rhapsode.client._calls import ChatOptions, SpeechOptions, chat_request, speech_request
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
from rhapsode.client._look import answers
from rhapsode.client._replies import Reply, Speech, Usage
from rhapsode.client._stream import AsyncReplyStream, AsyncSpeechStream, ReplyStream, SpeechStream
from rhapsode.client._sync import Client
from rhapsode.client._vectors import EmbedOptions, Vectors

__all__ = [
    "Address",
    "AsyncClient",
    "AsyncConversation",
    "AsyncReplyStream",
    "AsyncSpeechStream",
    "AuthenticationFailed",
    "BadRequest",
    "BalanceExhausted",
    "CallError",
    "ChatOptions",
    "Client",
    "ConnectionFailed",
    "ContentRefused",
    "Conversation",
    "EmbedOptions",
    "RateLimited",
    "Reply",
    "ReplyCut",
    "ReplyStream",
    "ServerFailed",
    "Speech",
    "SpeechOptions",
    "SpeechStream",
    "TimedOut",
    "UnreadableReply",
    "Usage",
    "Vectors",
    "answers",
    "chat_request",
    "find_address",
    "names_address",
    "speech_request",
]
