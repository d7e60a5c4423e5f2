"""One message in the shape that OpenAI gave to chats, and that the platform's later endpoints took over.

`user_system`, `group` and the two sample roles are the platform's own.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField, NotSupported

RoleName = Literal[
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "user_system",
    "group",
    "sample_message_user",
    "sample_message_ai",
]

PARTS_SEPARATOR: Final = "\n"


class ContentPart(Struct, frozen=True, omit_defaults=True):
    """A part of a message's content. Only `text` can be served."""

    type: str
    text: str | None = None


class CalledFunction(Struct, frozen=True):
    """The function of a call: `arguments` is JSON text."""

    name: Annotated[str, Meta(min_length=1)]
    arguments: str


class ToolCall(Struct, frozen=True):
    """A call that the model made, given back with the message that made it."""

    id: Annotated[str, Meta(min_length=1)]
    function: CalledFunction
    type: Literal["function"] = "function"


class Message(Struct, frozen=True, omit_defaults=True):
    """One message on the wire."""

    role: RoleName
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


def text_of(message: Message, field: str) -> str:
    """The text of a message's content; empty where there is none. `field` is the message's own name for errors.

    Raises `NotSupported` for what is no text: pictures, sound, files.
    """
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    texts: list[str] = []
    for index, part in enumerate(message.content):
        where = f"{field}.content[{index}]"
        if part.type != "text":
            raise NotSupported(f"{where}.type", f"{part.type[:40]!r} is not supported by this server; 'text' is")
        if part.text is None:
            raise InvalidField(f"{where}.text", "is required")
        texts.append(part.text)
    return PARTS_SEPARATOR.join(texts)
