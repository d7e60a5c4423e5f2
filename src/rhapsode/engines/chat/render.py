"""A conversation as the messages of a chat template.

What stays the same from turn to turn comes first, so that the cache of evaluated prompts serves every later turn: who
the bots are, the samples, then the turns. The replying bot's turns are the assistant's; everybody else's are the
user's, under their names where there are several. Neighbours of one role become one message, and the first and the
last message are the user's, as many templates demand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from rhapsode.core.chat import ChatRequest, Role
from rhapsode.engines.chat.frame import Frame, choose_frame
from rhapsode.engines.chat.markers import Markers

_MOST_NAMES: Final = 32
_LONGEST_NAME: Final = 64
"""Names beyond are not watched for in the reply: each costs a comparison a token, and a rule a character."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of the template."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """`own` is the replying bot's name and `others` everybody else's, as they stand in the messages.

    Names that are too long to be watched for in the reply are left out.
    """

    messages: tuple[Message, ...]
    own: str
    others: tuple[str, ...]

    @property
    def stops(self) -> tuple[str, ...]:
        """Where somebody else would begin to speak."""
        return tuple(f"\n{name}{colon}" for name in self.others for colon in (":", "："))


def render(request: ChatRequest, *, markers: Markers) -> Prompt:
    """The messages of a request. Where a template has no system role, llama.cpp puts its text before the first turn."""
    return _Scene(request, markers).prompt()


class _Scene:
    """The request with every text cleaned, and what follows from who takes part."""

    def __init__(self, request: ChatRequest, markers: Markers) -> None:
        self._markers = markers
        self._own = self._name(request.reply_as)
        self._cast = {self._name(bot.name): self._text(bot.description) for bot in request.bots}
        self._samples = request.samples
        self._turns = request.turns
        self._frame: Frame = choose_frame((request.reply_as, *(bot.description for bot in request.bots)))
        users = dict.fromkeys(self._name(turn.speaker) for turn in request.turns if turn.role is Role.USER)
        self._users = tuple(users)
        self._named = len(self._cast) > 1 or len(self._users) > 1

    def prompt(self) -> Prompt:
        turns = list(_merge(self._messages()))
        if not turns or turns[0].role != "user":
            turns.insert(0, Message(role="user", content=self._frame.begin))
        if turns[-1].role != "user":
            turns.append(Message(role="user", content=self._frame.go_on))
        return Prompt(
            messages=(Message(role="system", content=self._system()), *turns),
            own=self._own if len(self._own) <= _LONGEST_NAME else "",
            others=self._others(),
        )

    def _system(self) -> str:
        frame, own = self._frame, self._own
        if len(self._cast) == 1:
            parts = [frame.one.format(own=own), self._cast.get(own, "")]
        else:
            parts = [frame.cast.format(names=frame.comma.join(self._cast))]
            parts += [f"{name}: {description}" for name, description in self._cast.items()]
            parts.append(frame.only.format(own=own))
        if self._samples:
            parts.append(frame.samples)
            parts += [f"{self._name(turn.speaker)}: {self._text(turn.text)}" for turn in self._samples]
        if self._named:
            parts.append(frame.named)
        elif self._users:
            parts.append(frame.user.format(name=self._users[0]))
        return "\n".join(part for part in parts if part)

    def _messages(self) -> Iterator[Message]:
        for turn in self._turns:
            name, text = self._name(turn.speaker), self._text(turn.text)
            if turn.role is Role.BOT and name == self._own:
                yield Message(role="assistant", content=text)
            else:
                # A bot that is not among the bots is named too, or its words would be taken for the user's.
                named = self._named or turn.role is Role.BOT
                yield Message(role="user", content=f"{name}: {text}" if named else text)

    def _others(self) -> tuple[str, ...]:
        everyone = dict.fromkeys((*self._cast, *(self._name(turn.speaker) for turn in reversed(self._turns))))
        names = [name for name in everyone if name and name != self._own and len(name) <= _LONGEST_NAME]
        return tuple(names[:_MOST_NAMES])

    def _text(self, text: str) -> str:
        return self._markers.break_up(text.strip())

    def _name(self, name: str) -> str:
        """In one line: a name must not look like a turn."""
        return self._markers.break_up(" ".join(name.split()))


def _merge(messages: Iterator[Message]) -> Iterator[Message]:
    """Neighbours of one role as one message."""
    last: Message | None = None
    for message in messages:
        if last is not None and last.role == message.role:
            last = Message(role=last.role, content=f"{last.content}\n{message.content}")
        else:
            if last is not None:
                yield last
            last = message
    if last is not None:
        yield last
