"""A request in OpenAI's shape, for servers that know no bots: a system message, then users and one assistant.

A conversation that is no more than that is sent as it is. One with names in it is rendered as for the embedded engine,
and its reply is read along for the names (`heard.py`): the shape has no word for who must reply. Functions, their calls
and their answers are the shape's own, but in a scene of several bots, whose turns are one script.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from rhapsode.core.chat import Bot, ChatRequest, Finding, Role, Turn
from rhapsode.dialects.openai.chat import ChatCall, write_request
from rhapsode.dialects.openai_shape.messages import write_messages
from rhapsode.engines.chat.constrain.continuation import Step
from rhapsode.engines.chat.heard import Heard
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.render import Prompt, render
from rhapsode.engines.chat.steps import write_step

MOST_STOPS: Final = 4
"""that the shape allows"""

_NO_MARKERS: Final = Markers(())
"""What the model's special tokens are is not known here: to keep callers from writing them is the server's business."""


class Wire:
    """What is sent for a request, and how its reply is to be read."""

    def __init__(self, request: ChatRequest, *, model: str) -> None:
        self._request = request
        self._model = model or request.model
        is_plain = _is_plain(request)
        self._prompt = None if is_plain else render(replace(request, functions=()), markers=_NO_MARKERS)
        self.names = () if self._prompt is None else self._prompt.names
        """of which none may label a line of the reply"""

    def body(self, grammar: str = "") -> bytes:
        """The body of the call. `grammar`, llama-server's own field, says the reply's form instead of a schema.

        Raises `NotSupported`.
        """
        sent = self._sent(self._stops())
        extra: Mapping[str, object] = {}
        if grammar:
            sent, extra = replace(sent, constraint=None), {"grammar": grammar}
        return write_request(ChatCall(request=sent, stream=True, include_usage=True), extra)

    def step(self, begun: str, *, temperature: float | None, max_tokens: int, extra: Mapping[str, object]) -> bytes:
        """The body of a call that goes on with the reply where it stands."""
        sent = self._sent()
        sampling = sent.sampling if temperature is None else replace(sent.sampling, temperature=temperature)
        turns = (*sent.turns, Turn(role=Role.BOT, speaker="", text=begun)) if begun else sent.turns
        sent = replace(sent, turns=turns, sampling=sampling, max_tokens=max_tokens, constraint=None)
        return write_request(ChatCall(request=sent, stream=True, include_usage=True), extra)

    def bare(self) -> bytes:
        """The messages alone, for a server that says what its model reads of them."""
        return msgspec.json.encode({"messages": write_messages(self._sent())})

    def text_step(self, text: str, step: Step) -> bytes:
        """The body of a completion of `text`, which is those messages as a prompt, and the reply where it stands."""
        return write_step(text, step, self._request.sampling, names=self.names, model=self._model)

    def _sent(self, stops: tuple[str, ...] = ()) -> ChatRequest:
        """Without what this server does itself."""
        request = self._request if self._prompt is None else self._as_messages(self._prompt)
        return replace(request, model=self._model, stops=stops, mask=False, search=False)

    def heard(self) -> Heard:
        """What reads the reply's text."""
        request = self._request
        is_plain = request.constraint is not None
        return Heard(stops=request.stops, own=request.reply_as, names=self.names, plain=is_plain)

    def _as_messages(self, prompt: Prompt) -> ChatRequest:
        """The conversation with one bot and its users, none of whom has a name."""
        request = self._request
        system = "\n".join(message.content for message in prompt.messages if message.role == "system")
        if len(request.bots) == 1 and _has_functions(request):
            system = "\n\n".join(filter(None, (system, found_lines(request.findings))))
            turns = tuple(self._structured())
        else:
            roles = {"user": Role.USER, "assistant": Role.BOT}
            said = (message for message in prompt.messages if message.role != "system")
            turns = tuple(Turn(role=roles[message.role], speaker="", text=message.content) for message in said)
        bots = (Bot(name="", description=system),)
        return replace(request, bots=bots, reply_as="", samples=(), turns=turns, findings=())

    def _structured(self) -> Iterator[Turn]:
        """The turns with their calls and answers, under names where somebody else than one user speaks."""
        request = self._request
        several = len({turn.speaker for turn in request.turns if turn.role is Role.USER}) > 1
        for turn in request.turns:
            is_own = turn.role is Role.BOT and turn.speaker == request.reply_as
            if turn.role is Role.FUNCTION or is_own:
                yield replace(turn, speaker="")
            else:
                named = turn.speaker and (several or turn.role is Role.BOT)
                text = f"{turn.speaker}: {turn.text}" if named else turn.text
                yield Turn(role=Role.USER, speaker="", text=text)

    def _stops(self) -> tuple[str, ...]:
        """The caller's, and as many beginnings of other people's lines as there is room for."""
        if self._request.constraint is not None:
            return ()
        others = (name for name in self.names if name != self._request.reply_as)
        lines = (f"\n{name}{colon}" for name in others for colon in ":：")
        return (*self._request.stops, *lines)[:MOST_STOPS]


def found_lines(findings: tuple[Finding, ...]) -> str:
    """What a web search found, a line each."""
    return "\n".join(f"{found.title} ({found.url}): {found.text}" for found in findings)


def _is_plain(request: ChatRequest) -> bool:
    """Whether it is what the shape has words for: nobody has a name."""
    everybody = (*(bot.name for bot in request.bots), *(turn.speaker for turn in _talk(request.turns)))
    return len(request.bots) == 1 and not (any(everybody) or request.samples or request.findings)


def _talk(turns: tuple[Turn, ...]) -> Iterator[Turn]:
    return (turn for turn in turns if turn.role is not Role.FUNCTION)


def _has_functions(request: ChatRequest) -> bool:
    return bool(request.functions) or any(turn.calls or turn.role is Role.FUNCTION for turn in request.turns)
