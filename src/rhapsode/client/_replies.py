"""What a call gives back."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rhapsode.client._errors import BadRequest
from rhapsode.core.chat import Role, Turn
from rhapsode.core.function import FunctionCall


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens that a reply is charged for. The platform tells the total only; Rhapsode's servers tell both parts."""

    total_tokens: int
    prompt_tokens: int | None = None
    reply_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a bot said, or the function that it called instead.

    `finish_reason` is the wire's own word: `stop`, `length` (cut by `max_tokens`) or `max_output` (the model's context
    is full): a call that was cut holds the beginning of its arguments only. `glyph_result` is what the named slots of
    a glyph hold. `trace_id` names the call in the server's logs.
    """

    text: str
    speaker: str
    finish_reason: str
    model: str
    trace_id: str | None
    usage: Usage
    function_call: FunctionCall | None = None
    glyph_result: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def turn(self) -> Turn:
        """The reply as a turn, to be sent along with the next call."""
        calls = () if self.function_call is None else (self.function_call,)
        return Turn(role=Role.BOT, speaker=self.speaker, text=self.text, calls=calls)

    def answer(self, text: str) -> Turn:
        """What the function gave back, as the turn after this one. Raises BadRequest when none was called."""
        if self.function_call is None:
            raise BadRequest("answer: the reply called no function")
        return Turn(role=Role.FUNCTION, speaker=self.function_call.name, text=text)


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Spoken text: a whole audio file of type `content_type`."""

    audio: bytes = field(repr=False)
    content_type: str
    trace_id: str | None

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all. Raises OSError, and then whatever stood at `path` is untouched."""
        target = Path(path).resolve()  # a link keeps its place, the file it names is replaced
        if target.exists() and not target.is_file():  # a device or a pipe: there is nothing to put in its place
            target.write_bytes(self.audio)
            return target
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(self.audio)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target
