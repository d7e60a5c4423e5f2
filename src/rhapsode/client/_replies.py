"""What a call gives back."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from rhapsode.core.chat import Role, Turn


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens that a reply is charged for. The platform tells the total only; Rhapsode's servers tell both parts."""

    total_tokens: int
    prompt_tokens: int | None = None
    reply_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a bot said.

    `finish_reason` is the wire's own word: `stop`, `length` (cut by `max_tokens`) or `max_output` (the model's context
    is full). `trace_id` names the call in the server's logs.
    """

    text: str
    speaker: str
    finish_reason: str
    model: str
    trace_id: str | None
    usage: Usage

    @property
    def turn(self) -> Turn:
        """The reply as a turn, to be sent along with the next call."""
        return Turn(role=Role.BOT, speaker=self.speaker, text=self.text)


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
