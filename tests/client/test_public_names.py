import subprocess
import sys

import rhapsode
import rhapsode.client
from rhapsode.core import chat, errors


def test_the_public_names() -> None:
    """A name that comes or goes is a decision: it changes this list."""
    assert rhapsode.__all__ == [
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


def test_every_public_name_is_there_and_the_clients_are_all_public() -> None:
    for name in rhapsode.__all__:
        assert getattr(rhapsode, name) is not None
    inner = {"Address", "answers", "find_address", "names_address", "chat_request", "speech_request"}
    assert set(rhapsode.client.__all__) - set(rhapsode.__all__) == inner
    assert rhapsode.Bot is chat.Bot
    assert rhapsode.RhapsodeError is errors.RhapsodeError
    assert dir(rhapsode) == rhapsode.__all__
    assert not hasattr(rhapsode, "Nothing")


def test_a_part_of_the_package_does_not_bring_the_http_client_along() -> None:
    code = "import sys, rhapsode.core.chat; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
