"""A conversation as the messages of a chat template.

What stays the same from turn to turn comes first, so that the cache of evaluated prompts serves every later turn: who
the bots are, the functions, the samples, then the turns.

With one bot, its turns are the assistant's and everybody else's the user's, under their names where there are several.
With several bots, who replies changes from turn to turn, and no turn may look different for it: all of them stand as
named lines in one message of the user's, which ends with who is to speak. Neighbours of one role become one message,
and the first and the last message are the user's, as many templates demand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from rhapsode.core.chat import ChatRequest, Finding, Role, Turn
from rhapsode.engines.chat import tools
from rhapsode.engines.chat.frame import GENERIC_NAMES, Frame, choose_frame
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.names import forms_of

_MOST_EXAMPLES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of the template."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """`names` are those that no line of the reply may be labelled with, in any case of their letters; sorted.

    `label` is what the reply stands behind, as every line of a script does; empty where there is no script.
    """

    messages: tuple[Message, ...]
    names: tuple[str, ...]
    label: str = ""


def render(request: ChatRequest, *, markers: Markers, knows_tools: bool = True) -> Prompt:
    """The messages of a request. Where a template has no system role, llama.cpp puts its text before the first turn.

    A model that does not `knows_tools` is shown by examples how functions are called, or it would never call one.
    """
    return _Scene(request, markers).prompt(knows_tools=knows_tools)


class _Scene:
    """The request with every text cleaned, and what follows from who takes part."""

    def __init__(self, request: ChatRequest, markers: Markers) -> None:
        self._request = request
        self._markers = markers
        self._own = self._name(request.reply_as)
        self._cast = {self._name(bot.name): self._text(bot.description) for bot in request.bots}
        self._turns = tools.in_order(request.turns)
        self._frame: Frame = choose_frame((request.reply_as, *(bot.description for bot in request.bots)))
        users = dict.fromkeys(self._name(turn.speaker) for turn in request.turns if turn.role is Role.USER)
        self._users = tuple(filter(None, users))
        self._is_script = len(self._cast) > 1
        self._named = self._is_script or len(self._users) > 1

    def prompt(self, *, knows_tools: bool) -> Prompt:
        examples = self._examples() if not (knows_tools or self._is_script) else ()
        turns = list(_merge(chain(examples, self._messages())))
        if not turns or turns[0].role != "user":
            turns.insert(0, Message(role="user", content=self._frame.begin))
        if turns[-1].role != "user":
            turns.append(Message(role="user", content=self._frame.go_on))
        if self._is_script:
            only = self._frame.only.format(own=self._own)
            turns[-1] = Message(role="user", content=f"{turns[-1].content}\n\n{only}")
        system = self._system()
        return Prompt(
            messages=(*((Message(role="system", content=system),) if system else ()), *turns),
            names=self._names(),
            label=f"{self._own}:" if self._is_script else "",
        )

    def _system(self) -> str:
        frame, request = self._frame, self._request
        if self._is_script:
            parts = [frame.cast.format(names=frame.comma.join(self._cast))]
            parts += [f"{name}: {description}" for name, description in self._cast.items()]
            parts.append(frame.script)
        else:
            parts = [frame.one.format(own=self._own) if self._own else "", self._cast.get(self._own, "")]
        if request.samples:
            parts.append(frame.samples)
            parts += [self._line(turn, named=True) for turn in request.samples]
        if self._named and not self._is_script:
            parts.append(frame.named)
        elif self._users and self._own and not self._is_script:
            parts.append(frame.user.format(name=self._users[0]))
        if request.functions:
            parts.append(f"\n{tools.write_offer(request.functions, self._markers)}")
        return "\n".join(part for part in parts if part)

    def _messages(self) -> Iterator[Message]:
        last = len(self._turns) - 1
        for index, turn in enumerate(self._turns):
            if index == last and self._request.findings:
                yield Message(role="user", content=self._found(self._request.findings))
            is_own = turn.role is Role.BOT and not self._is_script and self._name(turn.speaker) == self._own
            # A bot that is not among the bots is named too, or its words would be taken for the user's.
            named = not is_own and (self._named or turn.role is Role.BOT)
            yield Message(role="assistant" if is_own else "user", content=self._line(turn, named=named))

    def _examples(self) -> Iterator[Message]:
        """Calls, each followed by a reply that is none."""
        asked, answered = self._frame.greeting
        for function in self._request.functions[:_MOST_EXAMPLES]:
            if call := tools.write_example(function, self._markers):
                yield Message(role="user", content=self._text(function.description or function.name))
                yield Message(role="assistant", content=call)
                yield Message(role="user", content=asked)
                yield Message(role="assistant", content=answered)

    def _line(self, turn: Turn, *, named: bool) -> str:
        text = self._text(turn.text)
        if turn.role is Role.FUNCTION:
            return tools.write_answer(text)
        said = tools.write_calls(turn, text, self._markers)
        name = self._name(turn.speaker)
        return f"{name}: {said}" if named and name else said

    def _found(self, findings: Iterable[Finding]) -> str:
        lines = [self._text(f"- {found.title} ({found.url}): {found.text}") for found in findings]
        return "\n".join((self._frame.found, *lines, ""))

    def _names(self) -> tuple[str, ...]:
        request = self._request
        turns = (turn for turn in (*request.samples, *request.turns) if turn.role is not Role.FUNCTION)
        given = {" ".join(name.split()) for name in (*(bot.name for bot in request.bots), *(t.speaker for t in turns))}
        if self._is_script:
            given = {form for name in given for form in forms_of(name)}
        # A model may write a name that holds a special token as it was, or as it has read it.
        names = given | set(map(self._markers.break_up, given))
        if self._named:
            names |= {*GENERIC_NAMES}
        return tuple(sorted(filter(None, names)))

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
