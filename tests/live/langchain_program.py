"""What a user of LangChain writes: run by a test as a program of its own, because importing LangChain warns.

Everything that it sees goes to standard output as one JSON object. Its arguments are the server's address and, where the
server makes vectors, `embeddings`; the key and the group come from the environment, where the clients look for them.
"""

import asyncio
import json
import sys
from typing import Any

from langchain_community.chat_models import MiniMaxChat
from langchain_community.embeddings import MiniMaxEmbeddings
from langchain_community.llms.minimax import (
    Minimax,
    _MinimaxEndpointClient,  # pyright: ignore[reportPrivateUsage]  # see `first_endpoint`
)


def weather(city: str) -> str:
    """Tells what the weather is like in a city."""
    return f"sunny in {city}"


def first_endpoint(base_url: str, **settings: int | str) -> Minimax:
    """The client, with the part of it that it sends its requests by.

    It makes that part itself, and under the pydantic of today loses it: each of its users has to put it back.
    """
    llm = Minimax.model_validate({"minimax_api_host": base_url, **settings})
    assert llm.minimax_group_id
    assert llm.minimax_api_key
    llm._client = _MinimaxEndpointClient(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportCallIssue]
        host=base_url, group_id=llm.minimax_group_id, api_key=llm.minimax_api_key
    )
    return llm


def open_chat(**settings: int | str) -> MiniMaxChat:
    """The client; its constructor's types do not say that the environment may hold the key."""
    return MiniMaxChat.model_validate(settings)


def failure(call: Any) -> str:  # noqa: ANN401 - any callable
    """What a call raises."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what its user sees
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def seen(base_url: str) -> dict[str, Any]:
    """Every call, and what came back."""
    llm = first_endpoint(base_url, max_tokens=24)
    address = f"{base_url}/v1/text/chatcompletion_v2"
    chat = open_chat(base_url=address, max_tokens=24)
    messages = [("system", "You are kind."), ("human", "Hello there"), ("ai", "Hello."), ("human", "Who are you?")]
    whole = chat.invoke(messages)
    chunks = list(chat.stream(messages))
    return {
        "llm": llm.invoke("Hello there"),
        "llm_stop": llm.invoke("Hello there", stop=["Hello"]),
        "llm_bad_key": failure(lambda: first_endpoint(base_url, minimax_api_key="nobody").invoke("hi")),
        "llm_bad_model": failure(lambda: first_endpoint(base_url, model="nobody").invoke("hi")),
        "chat": whole.content,
        "chat_metadata": whole.response_metadata,
        "chat_async": asyncio.run(chat.ainvoke(messages)).content,
        "stream": [chunk.content for chunk in chunks],
        "stream_reason": [chunk.response_metadata.get("finish_reason") for chunk in chunks],
        "stream_async": asyncio.run(collected(chat, messages)),
        "chat_bad_key": failure(lambda: open_chat(base_url=address, api_key="nobody").invoke("hi")),
        "tools": tool_round(open_chat(base_url=address, max_tokens=96)),
    }


def vectors(base_url: str) -> dict[str, Any]:
    """Texts to find, and a text to find them by."""
    client = MiniMaxEmbeddings.model_validate({"endpoint_url": f"{base_url}/v1/embeddings"})
    return {"documents": client.embed_documents(["calm sea", "high wind"]), "query": client.embed_query("calm sea")}


async def collected(chat: MiniMaxChat, messages: list[tuple[str, str]]) -> str:
    """A stream, asked for asynchronously."""
    return "".join([str(chunk.content) async for chunk in chat.astream(messages)])


def tool_round(chat: MiniMaxChat) -> dict[str, Any]:
    """A call, its answer, and the reply to that."""
    bound = chat.bind_tools([weather], tool_choice="required")  # pyright: ignore[reportUnknownMemberType]  # a bare Callable
    asked: list[Any] = [{"role": "user", "content": "What is the weather like in Paris?"}]
    called = bound.invoke(asked)
    answers = [
        {"role": "tool", "content": weather(**call["args"]), "tool_call_id": call["id"], "name": call["name"]}
        for call in called.tool_calls
    ]
    return {
        "calls": called.tool_calls,
        "reason": called.response_metadata["finish_reason"],
        "reply": chat.invoke([*asked, called, *answers]).content,
    }


if __name__ == "__main__":
    found = seen(sys.argv[1])
    if "embeddings" in sys.argv:
        found |= vectors(sys.argv[1])
    json.dump(found, sys.stdout)
