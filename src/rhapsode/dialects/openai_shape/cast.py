"""Who takes part in a conversation of OpenAI's shape: the bot that replies, other bots, and what is known of the user.

The replier's name is that of the first system message that has one, else the one name that all assistant messages
carry, else empty. System messages without a name describe the replier, each other name is a bot of its own.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rhapsode.core.chat import Bot
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.openai_shape.message import Message, text_of

SAMPLE_SPEAKERS: Final = ("example_user", "example_assistant")
"""Names of system messages that are sample turns, by a convention of OpenAI's own documents."""

_SYSTEM: Final = {"system", "developer"}
_HAN: Final = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, kw_only=True)
class Cast:
    """`bots` begins with the one that replies."""

    bots: tuple[Bot, ...]

    @property
    def replier(self) -> str:
        """The name of the bot that replies; empty where nobody gave it one."""
        return self.bots[0].name


def read_cast(messages: Sequence[Message], *, field: str, alias: str) -> Cast:
    """The cast. An assistant message under the name `alias` counts as one without a name. Raises `InvalidField`."""
    descriptions: dict[str, list[str]] = {(replier := _replier(messages, alias)): []}
    for index, message in enumerate(messages):
        where = f"{field}[{index}]"
        if message.role in _SYSTEM and message.name not in SAMPLE_SPEAKERS:
            said = text_of(message, where)
            descriptions.setdefault(_known(message.name or replier, descriptions), []).append(said)
        elif message.role in {"user_system", "group"}:
            descriptions[replier].append(_background(message, where))
    texts = {name: "\n".join(filter(None, said)) for name, said in descriptions.items()}
    return Cast(bots=tuple(Bot(name=name, description=text) for name, text in texts.items()))


def _replier(messages: Sequence[Message], alias: str) -> str:
    systems = (m.name for m in messages if m.role in _SYSTEM and m.name not in SAMPLE_SPEAKERS)
    if named := next(filter(None, systems), None):
        return named
    own = {"" if m.name == alias else m.name or "" for m in messages if m.role == "assistant"}
    return own.pop() if len(own) == 1 else ""


def _known(name: str, names: Iterable[str]) -> str:
    """The name as it was first written: white space does not make another bot."""
    alike = " ".join(name.split())
    return next((known for known in names if " ".join(known.split()) == alike), name)


def _background(message: Message, field: str) -> str:
    """What the replier knows of the user or of the occasion, in one line."""
    content = text_of(message, field)
    if not (content or message.name):
        raise InvalidField(f"{field}.content", "must not be empty")
    chinese = bool(_HAN.search(content or message.name or ""))
    if message.role == "group":
        return f"对话名称：{content or message.name}" if chinese else f"The conversation: {content or message.name}"
    who = message.name or ""
    return f"用户{who}的设定：{content}" if chinese else " ".join(f"About the user {who}".split()) + f": {content}"
