"""OpenAI's own client over a real socket, by the deterministic engines and by the real ones."""

import re
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.live.openai_client import async_client_of, client_of
from tests.live.running import LiveServer

MODEL = "abab6.5s-chat"
HELLO: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "You answer briefly."},
    {"role": "user", "content": "Who are you?"},
]


def says(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def client(server: LiveServer) -> Iterator[openai.OpenAI]:
    with client_of(server) as opened:
        yield opened


@pytest.fixture
def scripted(deterministic: LiveServer) -> Iterator[openai.OpenAI]:
    """A client of the deterministic server alone."""
    with client_of(deterministic) as opened:
        yield opened


def test_a_whole_reply(client: openai.OpenAI) -> None:
    answer = client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO, max_tokens=20)
    reply = answer.parse()
    (choice,) = reply.choices
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert choice.finish_reason in {"stop", "length"}
    assert (reply.object, reply.model) == ("chat.completion", MODEL)
    assert re.fullmatch("[0-9a-f]{32}", reply.id)
    assert answer.headers["trace-id"] == reply.id
    assert reply.usage
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.usage.completion_tokens <= 20


def test_a_prompt_that_was_read_before_is_counted_as_cached(client: openai.OpenAI) -> None:
    client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=1)
    usage = client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=1).usage
    assert usage
    assert usage.prompt_tokens_details
    assert (usage.prompt_tokens_details.cached_tokens or 0) > 0


def test_a_streamed_reply(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=20, stream=True, stream_options={"include_usage": True}
    ) as stream:
        first, *chunks, last, usage = list(stream)
    assert first.choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert [chunk.choices[0].finish_reason for chunk in (first, *chunks)] == [None] * (len(chunks) + 1)
    assert last.choices[0].finish_reason in {"stop", "length"}
    assert usage.choices == []
    assert usage.usage
    assert usage.usage.completion_tokens > 0
    assert len({chunk.id for chunk in (first, *chunks, last, usage)}) == 1


async def test_a_streamed_reply_on_an_event_loop(server: LiveServer) -> None:
    async with async_client_of(server) as client:
        whole = await client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=8, temperature=0)
        stream = await client.chat.completions.create(
            model=MODEL, messages=HELLO, max_tokens=8, temperature=0, stream=True
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == whole.choices[0].message.content


def test_the_helper_that_collects_a_stream(scripted: openai.OpenAI) -> None:
    with scripted.chat.completions.stream(model=MODEL, messages=HELLO) as stream:
        text = "".join(event.delta for event in stream if event.type == "content.delta")
        assert stream.get_final_completion().choices[0].message.content == text != ""


def test_a_reply_ends_at_its_token_limit(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model=MODEL, messages=HELLO, max_completion_tokens=5)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage
    assert reply.usage.completion_tokens == 5


def test_messages_reach_the_engine_with_their_names(scripted: openai.OpenAI) -> None:
    reply = scripted.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "developer", "content": "Bo keeps the lighthouse.", "name": "Bo"},
            {"role": "user", "content": [{"type": "text", "text": "Good"}, {"type": "text", "text": "evening"}]},
            {"role": "assistant", "content": "Evening."},
            {"role": "user", "content": "Is the sea calm?", "name": "Li"},
        ],
    )
    assert reply.choices[0].message.content == "Bo hears 3 turns, the last from Li: Is the sea calm?"


def test_the_models_are_listed_and_found(scripted: openai.OpenAI) -> None:
    models = {model.id: model for model in scripted.models.list()}
    assert {MODEL, "abab5.5-chat", "embo-01", "tts-1", "gpt-4o-mini-tts", "speech-02-hd"} <= set(models)
    assert scripted.models.retrieve("tts-1") == models["tts-1"]
    assert scripted.models.retrieve(MODEL) == models[MODEL]
    assert scripted.models.retrieve(f"ft:{MODEL}_1:mine").id == f"ft:{MODEL}_1:mine"
    assert models[MODEL].owned_by == "rhapsode"
    with pytest.raises(openai.NotFoundError) as caught:
        scripted.models.retrieve("gpt/4o")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("key", ["", "sk-rh-" + "A" * 43])
def test_a_wrong_key_is_an_authentication_error_everywhere(deterministic: LiveServer, key: str) -> None:
    with client_of(deterministic, api_key=key or "not-a-key") as stranger:
        for call in (
            lambda: stranger.chat.completions.create(model=MODEL, messages=HELLO),
            lambda: stranger.chat.completions.create(model=MODEL, messages=HELLO, stream=True),
            stranger.models.list,
            lambda: stranger.models.retrieve(MODEL),
            lambda: stranger.embeddings.create(model="embo-01", input="sea"),
        ):
            with pytest.raises(openai.AuthenticationError) as caught:
                call()
            assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"temperature": 3}, "temperature"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"messages": []}, "messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages[0].content[0].type",
        ),
        ({"stop": ["a"] * 5}, "stop"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_a_bad_request_names_the_field(scripted: openai.OpenAI, wrong: dict[str, Any], field: str) -> None:
    for stream in (False, True):
        asked: dict[str, Any] = {"model": MODEL, "messages": HELLO, "stream": stream} | wrong
        with pytest.raises(openai.BadRequestError, match=re.escape(field)) as caught:
            scripted.chat.completions.create(**asked)
        assert caught.value.param == field
        assert "(2013)" in caught.value.message


def test_an_unknown_model_is_not_found(scripted: openai.OpenAI) -> None:
    for stream in (False, True):
        with pytest.raises(openai.NotFoundError) as caught:
            scripted.chat.completions.create(model="gpt-4o", messages=HELLO, stream=stream)
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_conversation_that_does_not_fit_says_so(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=says("calm sea " * 20000))
    assert caught.value.code == "context_length_exceeded"


def test_a_body_over_the_limit_is_refused(scripted: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        scripted.chat.completions.create(model=MODEL, messages=says("a" * 9 * 1024 * 1024))
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")


def test_a_stream_that_breaks_raises(scripted: openai.OpenAI) -> None:
    heard: list[str] = []
    with (
        scripted.chat.completions.create(model=MODEL, messages=says("scripted:fail"), stream=True) as stream,
        pytest.raises(openai.APIError, match="told to fail"),
    ):
        heard.extend(chunk.choices[0].delta.content or "" for chunk in stream)


def test_an_engine_that_fails_is_a_server_error(scripted: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match=r"told to fail \(1013\)"):
        scripted.chat.completions.create(model=MODEL, messages=says("scripted:fail"))


def test_a_caller_that_loses_patience_is_let_go(deterministic: LiveServer) -> None:
    with client_of(deterministic, timeout=0.2) as hasty, pytest.raises(openai.APITimeoutError):
        hasty.chat.completions.create(model=MODEL, messages=says("scripted:wait"))


def test_a_caller_that_hangs_up_in_mid_stream_frees_its_connection(scripted: openai.OpenAI) -> None:
    for _ in range(3):
        stream = scripted.chat.completions.create(model=MODEL, messages=says("scripted:hold"), stream=True)
        assert next(iter(stream)).choices[0].delta.role == "assistant"
        stream.close()
    assert scripted.chat.completions.create(model=MODEL, messages=HELLO).choices[0].message.content
