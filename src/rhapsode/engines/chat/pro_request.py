"""A request in the words of ChatCompletion Pro, which has narrower rules than the core."""

from dataclasses import replace
from typing import Final

from rhapsode.core.chat import Bot, ChatRequest, Role, Turn
from rhapsode.core.errors import NotSupported
from rhapsode.dialects.minimax.chat_models import chat_model
from rhapsode.engines.chat.openai_request import found_lines

LEAST_TEMPERATURE: Final = 0.01
"""The dialect has no 0."""

_NAMELESS: Final = {Role.USER: "User", Role.BOT: "Assistant", Role.FUNCTION: "function"}


def as_pro(request: ChatRequest, *, model: str) -> ChatRequest:
    """The same request within the dialect's rules, for another server's `model`.

    Bots and users without a name get one, the temperature is brought into (0, 1] and the limit under the model's. What
    this server does itself - masking, searching, `stops` - is not asked for again. Raises `NotSupported`.
    """
    sampling = request.sampling
    if request.must_call and len(request.must_call) != 1 and len(request.functions) != 1:
        raise NotSupported("tool_choice", "the engine that serves this model can be told one function or none")
    return replace(
        request,
        model=model or request.model,
        bots=tuple(_bot(bot, request) for bot in request.bots),
        samples=tuple(map(_turn, request.samples)),
        turns=tuple(map(_turn, request.turns)),
        reply_as=request.reply_as or _NAMELESS[Role.BOT],
        max_tokens=min(request.max_tokens, chat_model(model or request.model).tokens),
        sampling=replace(sampling, temperature=min(max(sampling.temperature, LEAST_TEMPERATURE), 1.0)),
        stops=(),
        mask=False,
        search=False,
        findings=(),
    )


def _bot(bot: Bot, request: ChatRequest) -> Bot:
    if bot.name and not request.findings:
        return bot
    description = bot.description
    if request.findings and bot.name == request.reply_as:
        description = f"{description}\n\n{found_lines(request.findings)}"
    return Bot(name=bot.name or _NAMELESS[Role.BOT], description=description)


def _turn(turn: Turn) -> Turn:
    if turn.speaker and (turn.text or turn.calls):
        return turn
    # A blank text is refused, where the turn holds nothing else.
    return replace(turn, speaker=turn.speaker or _NAMELESS[turn.role], text=turn.text or ("" if turn.calls else " "))
