"""Rhapsode: chat in character and speech in a blend of voices, behind the MiniMax wire API.

The names below are the SDK. They are loaded when they are first used, so that a program that needs one part of the
package (a worker process, the command line's help) does not wait for an HTTP client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from rhapsode.version import __version__

if TYPE_CHECKING:
    from rhapsode.client import (
        AsyncClient,
        AsyncConversation,
        AsyncReplyStream,
        AsyncSpeechStream,
        AuthenticationFailed,
        BadRequest,
        BalanceExhausted,
        CallError,
        ChatOptions,
        Client,
        ConnectionFailed,
        ContentRefused,
        Conversation,
        EmbedOptions,
        RateLimited,
        Reply,
        ReplyCut,
        ReplyStream,
        ServerFailed,
        Speech,
        SpeechOptions,
        SpeechStream,
        TimedOut,
        UnreadableReply,
        Usage,
        Vectors,
    )
    from rhapsode.core.chat import Bot, Role, Turn
    from rhapsode.core.errors import RhapsodeError, SettingsError
    from rhapsode.core.function import Function, FunctionCall

__all__ = [
    "AsyncClient",
    "AsyncConversation",
    "AsyncReplyStream",
    "AsyncSpeechStream",
    "AuthenticationFailed",
    "BadRequest",
    "BalanceExhausted",
    "Bot",
    "CallError",
    "ChatOptions",
    "Client",
    "ConnectionFailed",
    "ContentRefused",
    "Conversation",
    "EmbedOptions",
    "Function",
    "FunctionCall",
    "RateLimited",
    "Reply",
    "ReplyCut",
    "ReplyStream",
    "RhapsodeError",
    "Role",
    "ServerFailed",
    "SettingsError",
    "Speech",
    "SpeechOptions",
    "SpeechStream",
    "TimedOut",
    "Turn",
    "UnreadableReply",
    "Usage",
    "Vectors",
    "__version__",
]

_ELSEWHERE = {
    "Bot": "rhapsode.core.chat",
    "Function": "rhapsode.core.function",
    "FunctionCall": "rhapsode.core.function",
    "RhapsodeError": "rhapsode.core.errors",
    "Role": "rhapsode.core.chat",
    "SettingsError": "rhapsode.core.errors",
    "Turn": "rhapsode.core.chat",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_ELSEWHERE.get(name, "rhapsode.client")), name)
    globals()[name] = value  # asked once a name
    return value


def __dir__() -> list[str]:
    return __all__
