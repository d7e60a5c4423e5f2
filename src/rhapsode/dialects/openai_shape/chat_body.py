"""What every request of OpenAI's shape says, on OpenAI's own path and on the platform's: read alike on both."""

from typing import Annotated

from msgspec import Meta, Struct

from rhapsode.core.chat import ChatRequest, Sampling
from rhapsode.core.errors import NotSupported
from rhapsode.dialects.json_body import require
from rhapsode.dialects.openai_shape.message import Message
from rhapsode.dialects.openai_shape.messages import read_messages
from rhapsode.dialects.openai_shape.response_format import ResponseFormat, read_response_format
from rhapsode.dialects.openai_shape.tools import Tool, ToolChoice, read_tools

Tokens = Annotated[int, Meta(gt=0)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Stop = Annotated[str, Meta(min_length=1)]


class ChatBody(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The fields. Those whose range is not the same on both paths are their dialects' own."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    stop: Stop | Annotated[list[Stop], Meta(max_length=4)] | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    response_format: ResponseFormat | None = None
    mask_sensitive_info: bool | None = None


def read_chat(
    body: ChatBody,
    *,
    most_tokens: int,
    default_tokens: int,
    temperature: float,
    default_top_p: float,
    seed: int | None = None,
    alias: str = "",
    lenient: bool = False,
) -> ChatRequest:
    """What the body asks for. `alias` and `lenient` are those of `read_messages`.

    Raises `InvalidField`, `NotSupported`.
    """
    said = read_messages(body.messages, alias=alias, lenient=lenient)
    tools = read_tools(body.tools, body.tool_choice)
    constraint = read_response_format(body.response_format)
    if constraint is not None and tools.functions:
        rule = "cannot be used together with tools; tool_choice 'none' takes them away"
        raise NotSupported("response_format", rule)
    return ChatRequest(
        model=body.model,
        bots=said.bots,
        samples=said.samples,
        turns=said.turns,
        reply_as=said.reply_as,
        max_tokens=_read_tokens(body, most_tokens) or default_tokens,
        tokens_field="max_tokens" if body.max_completion_tokens is None else "max_completion_tokens",
        sampling=Sampling(
            temperature=temperature,
            top_p=body.top_p or default_top_p,
            seed=seed,
            presence_penalty=body.presence_penalty or 0.0,
            frequency_penalty=body.frequency_penalty or 0.0,
        ),
        stops=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        functions=tools.functions,
        must_call=tools.must_call,
        constraint=constraint,
        mask=bool(body.mask_sensitive_info),
        search=tools.search,
        search_field="tools",
    )


def _read_tokens(body: ChatBody, most: int) -> int | None:
    """The limit under its two names, of which the first is the older one."""
    for name, value in (("max_tokens", body.max_tokens), ("max_completion_tokens", body.max_completion_tokens)):
        require((value or 0) <= most, name, f"must be at most {most} for this model")
    if None not in {body.max_tokens, body.max_completion_tokens}:
        same = body.max_tokens == body.max_completion_tokens
        require(same, "max_completion_tokens", "must be the same as max_tokens, its older name, or alone")
    return body.max_completion_tokens or body.max_tokens
