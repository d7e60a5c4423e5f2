import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from rhapsode.core import errors
from rhapsode.core.chat import (
    Bot,
    ChatCall,
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
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.minimax import chat_v2_reply as wire
from rhapsode.dialects.minimax.chat_v2 import V2Call
from rhapsode.dialects.sse import EventReader
from rhapsode.dialects.stamp import Stamp
from tests.dialects.minimax import readers

STAMP = Stamp(trace_id="0f0e0d0c0b0a09080706050403020100", created=1700000000)
USAGE = ChatUsage(prompt_tokens=39, reply_tokens=2)
END = ChatEnd(finish=Finish.STOP, usage=USAGE)
PIECES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1)
CALLS = [
    ChatCall(index=0, name="weather", arguments='{"city"'),
    ChatCall(index=0, arguments=':"Paris"}'),
    ChatCall(index=1, name="time", id="call_x", arguments="{}"),
]


def asked(name: str = "", *, usage_in_stream: bool = False) -> V2Call:
    request = ChatRequest(
        model="abab6.5s-chat",
        bots=(Bot(name=name, description=""),),
        turns=(),
        reply_as=name,
        max_tokens=256,
        sampling=Sampling(temperature=0.1, top_p=0.95),
    )
    return V2Call(request=request, stream=True, usage_in_stream=usage_in_stream)


def stream(events: list[ChatEvent], call: V2Call | None = None) -> bytes:
    return b"".join(map(wire.StreamWriter(call or asked(), STAMP).write_event, events))


def texts(pieces: list[str]) -> list[ChatEvent]:
    return [ChatText(text=piece) for piece in pieces]


def decoded(sent: bytes) -> list[dict[str, Any]]:
    return [json.loads(data) for data in EventReader().feed(sent)]


def written(reply: ChatReply, call: V2Call | None = None) -> bytes:
    return wire.write_reply(call or asked(), reply, STAMP)


@given(name=st.text(st.characters(codec="ascii"), max_size=3), pieces=PIECES)
def test_no_name_comes_between_a_frame_and_its_text(name: str, pieces: list[str]) -> None:
    sent = decoded(stream(texts(pieces), asked(name)))
    assert [event["choices"][0]["delta"]["content"] for event in sent] == pieces
    assert {event["choices"][0]["delta"]["name"] for event in sent} == {name or "MiniMax AI"}


def test_a_whole_answer() -> None:
    assert written(ChatReply(text="Glassy.", end=END), asked("Ann")).decode() == snapshot(
        '{"id":"0f0e0d0c0b0a09080706050403020100","choices":[{"finish_reason":"stop","index":0,"message":{"content":"Glassy.","role":"assistant","name":"Ann","audio_content":""}}],"created":1700000000,"model":"abab6.5s-chat","object":"chat.completion","usage":{"total_tokens":41,"total_characters":0,"prompt_tokens":39,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0}},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0,"base_resp":{"status_code":0,"status_msg":""}}'
    )


def test_a_whole_answer_with_calls_and_thoughts() -> None:
    calls = (
        FunctionCall(name="weather", arguments='{"city":"Paris"}'),
        FunctionCall(name="time", arguments="{}", id="call_x"),
    )
    reply = ChatReply(text="", end=END, thought="Where?", calls=calls)
    assert written(reply).decode() == snapshot(
        '{"id":"0f0e0d0c0b0a09080706050403020100","choices":[{"finish_reason":"tool_calls","index":0,"message":{"content":"","role":"assistant","name":"MiniMax AI","audio_content":"","reasoning_content":"Where?","tool_calls":[{"id":"call_function_6725592320","function":{"name":"weather","arguments":"{\\"city\\":\\"Paris\\"}"},"type":"function"},{"id":"call_x","function":{"name":"time","arguments":"{}"},"type":"function"}]}}],"created":1700000000,"model":"abab6.5s-chat","object":"chat.completion","usage":{"total_tokens":41,"total_characters":0,"prompt_tokens":39,"completion_tokens":2},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0,"base_resp":{"status_code":0,"status_msg":""}}'
    )


def test_a_streamed_answer() -> None:
    assert stream([*texts(["Gla", "ssy."]), END]).decode() == snapshot("""\
data: {"id":"0f0e0d0c0b0a09080706050403020100","choices":[{"index":0,"delta":{"content":"Gla","role":"assistant","name":"MiniMax AI"}}],"created":1700000000,"model":"abab6.5s-chat","object":"chat.completion.chunk","usage":{"total_tokens":0,"total_characters":0},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0}

data: {"id":"0f0e0d0c0b0a09080706050403020100","choices":[{"index":0,"delta":{"content":"ssy.","role":"assistant","name":"MiniMax AI"}}],"created":1700000000,"model":"abab6.5s-chat","object":"chat.completion.chunk","usage":{"total_tokens":0,"total_characters":0},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0}

data: {"id":"0f0e0d0c0b0a09080706050403020100","choices":[{"index":0,"delta":{"content":"","role":"assistant","name":"MiniMax AI"},"finish_reason":"stop"}],"created":1700000000,"model":"abab6.5s-chat","object":"chat.completion.chunk","usage":{"total_tokens":0,"total_characters":0},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0}

data: {"id":"0f0e0d0c0b0a09080706050403020100","choices":[{"finish_reason":"stop","index":0,"message":{"content":"Glassy.","role":"assistant","name":"MiniMax AI","audio_content":""}}],"created":1700000000,"model":"abab6.5s-chat","object":"chat.completion","usage":{"total_tokens":41,"total_characters":0,"prompt_tokens":39,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0}},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0,"base_resp":{"status_code":0,"status_msg":""}}

""")


def test_a_streamed_call() -> None:
    thought: list[ChatEvent] = [ChatThought(text="Where?")]
    *pieces, last, whole = decoded(stream([*thought, *CALLS, END]))
    assert [piece["choices"][0]["delta"] for piece in pieces] == snapshot(
        [
            {"content": "", "role": "assistant", "name": "MiniMax AI", "reasoning_content": "Where?"},
            {
                "content": "",
                "role": "assistant",
                "name": "MiniMax AI",
                "tool_calls": [
                    {
                        "index": 0,
                        "function": {"arguments": "", "name": "weather"},
                        "id": "call_function_6725592320",
                        "type": "function",
                    }
                ],
            },
            {
                "content": "",
                "role": "assistant",
                "name": "MiniMax AI",
                "tool_calls": [{"index": 0, "function": {"arguments": '{"city"'}}],
            },
            {
                "content": "",
                "role": "assistant",
                "name": "MiniMax AI",
                "tool_calls": [{"index": 0, "function": {"arguments": ':"Paris"}'}}],
            },
            {
                "content": "",
                "role": "assistant",
                "name": "MiniMax AI",
                "tool_calls": [
                    {"index": 1, "function": {"arguments": "", "name": "time"}, "id": "call_x", "type": "function"}
                ],
            },
            {
                "content": "",
                "role": "assistant",
                "name": "MiniMax AI",
                "tool_calls": [{"index": 1, "function": {"arguments": "{}"}}],
            },
        ]
    )
    assert last["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["choices"][0]["message"] == snapshot(
        {
            "content": "",
            "role": "assistant",
            "name": "MiniMax AI",
            "audio_content": "",
            "reasoning_content": "Where?",
            "tool_calls": [
                {
                    "id": "call_function_6725592320",
                    "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                    "type": "function",
                },
                {"id": "call_x", "function": {"name": "time", "arguments": "{}"}, "type": "function"},
            ],
        }
    )


def test_sound_goes_between_the_words_and_is_not_repeated() -> None:
    writer = wire.StreamWriter(asked(), STAMP)
    sent = writer.write_event(ChatText(text="Hi")) + writer.write_audio(b"\xff\xfb") + writer.write_event(END)
    text, sound, last, whole = decoded(sent)
    assert "audio_content" not in text["choices"][0]["delta"]
    assert sound["choices"][0]["delta"]["audio_content"] == "fffb"
    assert sound["choices"][0]["delta"]["content"] == last["choices"][0]["delta"]["content"] == ""
    assert whole["choices"][0]["message"]["audio_content"] == ""


@pytest.mark.parametrize(
    ("finish", "calls", "word"),
    [
        (Finish.STOP, (), "stop"),
        (Finish.LENGTH, (), "length"),
        (Finish.CONTEXT, (), "length"),
        (Finish.STOP, (FunctionCall(name="f", arguments="{}"),), "tool_calls"),
        (Finish.LENGTH, (FunctionCall(name="f", arguments="{"),), "length"),
    ],
)
def test_why_a_reply_ended(finish: Finish, calls: tuple[FunctionCall, ...], word: str) -> None:
    answer = json.loads(written(ChatReply(text="", end=ChatEnd(finish=finish, usage=USAGE), calls=calls)))
    assert answer["choices"][0]["finish_reason"] == word


@given(PIECES)
def test_clients_in_use_read_a_stream(pieces: list[str]) -> None:
    sent = stream([*texts(pieces), END])
    whole = "".join(pieces)
    assert readers.langchain_python_v2(sent) == (whole, "stop")
    assert readers.dify_v2(sent) == (whole, 41)
    assert readers.strict_lines(sent)[-1]["choices"][0]["message"]["content"] == whole
    assert len(readers.httpx_lines(sent)) == len(readers.strict_lines(sent))


def test_clients_in_use_see_that_a_stream_broke() -> None:
    writer = wire.StreamWriter(asked(), STAMP)
    sent = writer.write_event(ChatText(text="Gla")) + writer.write_error(errors.EngineError("the engine failed"))
    with pytest.raises(readers.ClientFailure, match="the engine failed"):
        readers.dify_v2(sent)
    with pytest.raises(
        TypeError
    ):  # it asks for the length of choices, and so does not take the beginning for the whole
        readers.langchain_python_v2(sent)


@pytest.mark.parametrize(("usage_in_stream", "total"), [(False, 0), (True, 41)])
def test_the_last_piece_says_what_the_reply_cost_where_that_is_asked_for(total: int, *, usage_in_stream: bool) -> None:
    piece, last, whole = decoded(stream([*texts(["x"]), END], asked(usage_in_stream=usage_in_stream)))
    assert piece["usage"] == {"total_tokens": 0, "total_characters": 0}
    assert last["usage"]["total_tokens"] == total
    assert whole["usage"]["total_tokens"] == 41


def test_an_error_keeps_the_shape_and_echoes_the_model() -> None:
    answer = wire.write_error(
        errors.UnknownKey(), trace_id=STAMP.trace_id, body=b'{"model":"abab6.5s-chat","messages":1}'
    )
    assert answer.decode() == snapshot(
        '{"id":"0f0e0d0c0b0a09080706050403020100","choices":null,"created":0,"model":"abab6.5s-chat","object":"chat.completion","usage":{"total_tokens":0,"total_characters":0},"input_sensitive":false,"output_sensitive":false,"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0,"base_resp":{"status_code":2049,"status_msg":"invalid api key"}}'
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model":3}', b"\xff"])
def test_an_error_has_a_model_whatever_the_body_was(body: bytes) -> None:
    assert json.loads(wire.write_error(errors.MalformedBody("x"), trace_id="", body=body))["model"] == ""
