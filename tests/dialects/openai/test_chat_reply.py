"""Chat completions in OpenAI's shape: replies, whole and streamed."""

import json
from typing import Any

from inline_snapshot import snapshot

from rhapsode.core.chat import ChatCall as Piece
from rhapsode.core.chat import (
    ChatEnd,
    ChatEvent,
    ChatReply,
    ChatRequest,
    ChatText,
    ChatThought,
    ChatUsage,
    Finish,
    Sampling,
)
from rhapsode.core.errors import EngineError
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.openai.chat import ChatCall
from rhapsode.dialects.openai.chat_reply import StreamWriter, write_reply
from rhapsode.dialects.stamp import Stamp

STAMP = Stamp(trace_id="0f0e0d0c0b0a09080706050403020100", created=1700000000)
END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=39, reply_tokens=2, cached_tokens=30))
TWO_CALLS = (FunctionCall(name="look", arguments='{"at":1}', id="own"), FunctionCall(name="go", arguments="{}"))


def asked(*, include_usage: bool = False, one_call: bool = False, model: str = "abab5.5-chat") -> ChatCall:
    sampling = Sampling(temperature=0.9, top_p=0.95)
    request = ChatRequest(model=model, bots=(), turns=(), reply_as="", max_tokens=256, sampling=sampling)
    return ChatCall(request=request, include_usage=include_usage, one_call=one_call)


def whole(reply: ChatReply, call: ChatCall | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(write_reply(call or asked(), reply, STAMP))
    return answer


def frames(call: ChatCall, *events: ChatEvent) -> str:
    writer = StreamWriter(call, STAMP)
    return b"".join(map(writer.write_event, events)).decode()


def test_a_whole_reply() -> None:
    reply = ChatReply(text="Glassy.", thought="Calm ...", end=END)
    assert write_reply(asked(), reply, STAMP).decode() == snapshot(
        '{"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"message":{"role":"assistant","content":"Glassy.","reasoning_content":"Calm ..."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":39,"completion_tokens":2,"total_tokens":41,"prompt_tokens_details":{"cached_tokens":30}}}'
    )


def test_a_call_has_no_content_and_an_id() -> None:
    answer = whole(ChatReply(text="", calls=TWO_CALLS, end=END))
    assert answer["choices"][0] == snapshot(
        {
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "own", "function": {"name": "look", "arguments": '{"at":1}'}, "type": "function"},
                    {
                        "id": "call_0f0e0d0c0b0a09080706050403020100_1",
                        "function": {"name": "go", "arguments": "{}"},
                        "type": "function",
                    },
                ],
            },
            "finish_reason": "tool_calls",
            "index": 0,
            "logprobs": None,
        }
    )


def test_one_call_is_one_where_no_more_were_allowed() -> None:
    answer = whole(ChatReply(text="", calls=TWO_CALLS, end=END), asked(one_call=True))
    assert len(answer["choices"][0]["message"]["tool_calls"]) == 1
    streamed = frames(asked(one_call=True), Piece(index=0, name="look"), Piece(index=1, name="go"), END)
    assert '"go"' not in streamed
    assert "tool_calls" in streamed


def test_a_reply_that_was_cut_says_so_whatever_cut_it() -> None:
    for finish in (Finish.LENGTH, Finish.CONTEXT):
        end = ChatEnd(finish=finish, usage=END.usage)
        assert whole(ChatReply(text="Gla", end=end))["choices"][0]["finish_reason"] == "length"
        assert whole(ChatReply(text="", calls=TWO_CALLS, end=end))["choices"][0]["finish_reason"] == "length"


def test_a_stream_of_text() -> None:
    assert frames(asked(), ChatText(text="Gla\n"), ChatText(text='"ssy"\0'), END) == snapshot("""\
data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"content":"Gla\\n"},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"content":"\\"ssy\\"\\u0000"},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

""")


def test_a_stream_of_thoughts_and_calls_with_its_usage() -> None:
    pieces = (
        ChatThought(text="Hm."),
        Piece(index=0, name="look", id="own"),
        Piece(index=0, arguments='{"at":'),
        Piece(index=0, arguments="1}"),
        Piece(index=1, name="go", arguments="{}"),
    )
    assert frames(asked(include_usage=True), *pieces, END) == snapshot("""\
data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"reasoning_content":"Hm."},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"","name":"look"},"id":"own","type":"function"}]},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"at\\":"}}]},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{}","name":"go"},"id":"call_0f0e0d0c0b0a09080706050403020100_1","type":"function"}]},"finish_reason":null}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"id":"0f0e0d0c0b0a09080706050403020100","object":"chat.completion.chunk","created":1700000000,"model":"abab5.5-chat","choices":[],"usage":{"prompt_tokens":39,"completion_tokens":2,"total_tokens":41,"prompt_tokens_details":{"cached_tokens":30}}}

data: [DONE]

""")


def test_any_model_name_leaves_the_text_in_its_place() -> None:
    for model in ("\0", 'a"\\u0000"', "模型"):
        (_role, chunk, *_rest) = frames(asked(model=model), ChatText(text="\0"), END).split("\n\n")
        told = json.loads(chunk.removeprefix("data: "))
        assert told["model"] == model
        assert told["choices"][0]["delta"] == {"content": "\0"}


def test_a_stream_that_broke_ends_with_an_error_and_without_done() -> None:
    writer = StreamWriter(asked(), STAMP)
    writer.write_event(ChatText(text="Gla"))
    assert writer.write_error(EngineError("the model is gone")).decode() == snapshot("""\
data: {"type":"error","error":{"message":"internal service error, the model is gone (1013)","type":"server_error","param":null,"code":null,"http_code":"500"},"request_id":"0f0e0d0c0b0a09080706050403020100"}

""")
