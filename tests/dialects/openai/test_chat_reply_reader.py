"""Chat completions in OpenAI's shape, as other servers write them: each sample has the manners of the server it names."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import (
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
from rhapsode.core.errors import InvalidField, MalformedBody
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.openai import chat
from rhapsode.dialects.openai.chat_reply import StreamWriter, write_reply
from rhapsode.dialects.openai.chat_reply_reader import StreamReader, read_reply
from rhapsode.dialects.openai.errors import ReportedError, read_error
from rhapsode.dialects.sse import EventReader
from rhapsode.dialects.stamp import Stamp

STAMP = Stamp(trace_id="0f0e0d0c0b0a09080706050403020100", created=1700000000)
CALL = chat.ChatCall(
    request=ChatRequest(
        model="m", bots=(), turns=(), reply_as="", max_tokens=9, sampling=Sampling(temperature=0.9, top_p=0.95)
    ),
    include_usage=True,
)


def heard(*data: str) -> tuple[list[ChatEvent], StreamReader]:
    reader = StreamReader()
    return [piece for one in data for piece in reader.read_event(one.encode())], reader


def ended(prompt: int, reply: int, *, cached: int = 0, finish: Finish = Finish.STOP) -> ChatEnd:
    return ChatEnd(finish=finish, usage=ChatUsage(prompt_tokens=prompt, reply_tokens=reply, cached_tokens=cached))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
PIECES = st.lists(
    st.builds(ChatText, text=TEXT)
    | st.builds(ChatThought, text=TEXT)
    | st.builds(ChatCall, index=st.just(0), arguments=TEXT)
)
USAGES = st.builds(
    ChatUsage,
    prompt_tokens=st.integers(0, 9999),
    reply_tokens=st.integers(0, 9999),
    cached_tokens=st.just(0),
) | st.builds(
    ChatUsage,
    prompt_tokens=st.just(9999),
    reply_tokens=st.integers(0, 9999),
    cached_tokens=st.integers(0, 9999),
)
ENDS = st.builds(ChatEnd, finish=st.sampled_from([Finish.STOP, Finish.LENGTH]), usage=USAGES)


@given(pieces=PIECES, end=ENDS)
def test_what_the_writer_streams_is_read_back(pieces: list[ChatEvent], end: ChatEnd) -> None:
    events = [ChatCall(index=0, name="look", id="c1"), *pieces]
    writer, reader, lines = StreamWriter(CALL, STAMP), StreamReader(), EventReader()
    sent = b"".join(map(writer.write_event, [*events, end]))
    assert [piece for data in lines.feed(sent) for piece in reader.read_event(data)] == events
    assert (reader.end, reader.done) == (end, True)


@given(text=st.just("") | TEXT, thought=st.just("") | TEXT, end=ENDS, arguments=TEXT)
def test_what_the_writer_writes_whole_is_read_back(text: str, thought: str, end: ChatEnd, arguments: str) -> None:
    call = FunctionCall(name="look", arguments=arguments, id="c1")
    reply = ChatReply(text=text, thought=thought, calls=(call,), end=end)
    assert read_reply(write_reply(CALL, reply, STAMP)) == reply


def test_vllm() -> None:
    pieces, reader = heard(
        '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"q","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null},"logprobs":null,"finish_reason":null}],"prompt_token_ids":null}',
        '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"reasoning":"Hm","reasoning_content":"Hm"},"finish_reason":null,"token_ids":null}]}',
        '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Glassy."},"finish_reason":null}]}',
        '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","stop_reason":null}]}',
        '{"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":9,"total_tokens":12,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":8}}}',
        "[DONE]",
    )
    assert pieces == [ChatThought(text="Hm"), ChatText(text="Glassy.")]
    assert (reader.end, reader.done) == (ended(9, 3, cached=8), True)


def test_vllm_tells_a_name_once_and_arguments_in_pieces() -> None:
    pieces, reader = heard(
        '{"choices":[{"delta":{"tool_calls":[{"id":"chatcmpl-tool-a","type":"function","index":0,"function":{"name":"look"}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"at\\":"}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":" 1}"}}]},"finish_reason":"tool_calls"}]}',
    )
    assert pieces == [
        ChatCall(index=0, name="look", id="chatcmpl-tool-a"),
        ChatCall(index=0, arguments='{"at":'),
        ChatCall(index=0, arguments=" 1}"),
    ]
    assert reader.end == ended(0, 0)
    assert not reader.done


def test_sglang_counts_in_every_chunk_and_has_null_where_nothing_is() -> None:
    pieces, reader = heard(
        '{"choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null,"tool_calls":null},"finish_reason":null,"matched_stop":null}],"usage":null}',
        '{"choices":[{"index":0,"delta":{"role":null,"content":"Gla","reasoning_content":null,"tool_calls":null},"finish_reason":""}],"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":null}}',
        '{"choices":[{"index":0,"delta":{"role":null,"content":null,"tool_calls":[{"id":null,"index":0,"function":{"name":"look","arguments":""}}]},"finish_reason":null}]}',
        '{"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}',
    )
    assert pieces == [ChatText(text="Gla"), ChatCall(index=0, name="look")]
    assert reader.end == ended(9, 2, finish=Finish.LENGTH)


def test_ollama_sends_each_call_whole_and_all_of_them_under_one_index() -> None:
    pieces, reader = heard(
        '{"id":"chatcmpl-7","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Hm"},"finish_reason":null}]}',
        '{"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_a","index":0,"type":"function","function":{"name":"look","arguments":"{}"}}]},"finish_reason":null}]}',
        '{"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_b","index":0,"type":"function","function":{"name":"look","arguments":{"at":2}}}]},"finish_reason":null}]}',
        '{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"tool_calls"}]}',
        "[DONE]",
    )
    assert pieces == [
        ChatThought(text="Hm"),
        ChatCall(index=0, name="look", id="call_a", arguments="{}"),
        ChatCall(index=1, name="look", id="call_b", arguments='{"at":2}'),
    ]
    assert reader.end == ended(0, 0)


def test_llama_server_counts_with_the_last_choice() -> None:
    pieces, reader = heard(
        '{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"system_fingerprint":"b1","object":"chat.completion.chunk"}',
        '{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Glassy."}}]}',
        '{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"usage":{"completion_tokens":3,"prompt_tokens":9,"total_tokens":12},"timings":{"prompt_n":1}}',
    )
    assert pieces == [ChatText(text="Glassy.")]
    assert reader.end == ended(9, 3)


def test_a_call_without_an_index_is_told_from_others_by_its_place() -> None:
    pieces, _ = heard('{"choices":[{"delta":{"tool_calls":[{"function":{"name":"a"}},{"function":{"name":"b"}}]}}]}')
    assert pieces == [ChatCall(index=0, name="a"), ChatCall(index=1, name="b")]


def test_name_and_id_in_every_piece_are_one_call() -> None:
    piece = '{"choices":[{"delta":{"tool_calls":[{"index":3,"id":"x","function":{"name":"a","arguments":"1"}}]}}]}'
    pieces, _ = heard(piece, piece)
    assert pieces == [ChatCall(index=0, name="a", id="x", arguments="1"), ChatCall(index=0, arguments="1")]


def test_a_stream_that_breaks_off_has_no_end() -> None:
    pieces, reader = heard('{"choices":[{"index":0,"delta":{"content":"Gla"},"finish_reason":null}]}')
    assert pieces == [ChatText(text="Gla")]
    assert reader.end is None


@pytest.mark.parametrize(
    ("data", "message", "code"),
    [
        ('{"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}}', "too long", "400"),
        ('{"error":{"message":null,"code":"model_not_found"}}', "", "model_not_found"),
        ('{"error":"model not found"}', "model not found", ""),
    ],
)
def test_an_error_in_the_stream_is_raised(data: str, message: str, code: str) -> None:
    with pytest.raises(ReportedError) as caught:
        heard(data)
    assert (caught.value.message, caught.value.code) == (message, code)
    with pytest.raises(ReportedError):
        read_reply(data.encode())


@pytest.mark.parametrize("data", ["", "{", "null", "[]", "<html>", "{}", '{"object":"list"}', '"[DONE]"', "1"])
def test_what_is_no_event_is_told(data: str) -> None:
    with pytest.raises((MalformedBody, InvalidField)):
        heard(data)


@pytest.mark.parametrize(
    "data",
    [
        "{}",
        '{"choices":[]}',
        '{"choices":[{"index":0}]}',
        '{"choices":[{"message":null}]}',
        '{"choices":[{"message":7}]}',
    ],
)
def test_what_is_no_reply_is_told(data: str) -> None:
    with pytest.raises((MalformedBody, InvalidField)):
        read_reply(data.encode())


def test_a_call_that_begins_without_a_name_is_told() -> None:
    with pytest.raises(InvalidField, match=r"tool_calls\[0\]\.function\.name"):
        heard('{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}')


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
IN_A_REPLY = ("choices", "delta", "message", "content", "reasoning", "tool_calls", "function", "name", "arguments")
BESIDE_IT = ("index", "finish_reason", "usage", "prompt_tokens", "error", "code")
KEYS = st.sampled_from([*IN_A_REPLY, *BESIDE_IT])
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(data=ANY.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_whatever_comes_is_read_or_told_as_an_error_of_ours(data: bytes) -> None:
    for read in (StreamReader().read_event, read_reply, read_error):
        with suppress(ReportedError, MalformedBody, InvalidField):
            read(data)


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ('"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1000000}', (5, 2, 5)),
        ('"prompt_tokens":-1000000,"completion_tokens":-2,"prompt_tokens_details":{"cached_tokens":-3}', (0, 0, 0)),
        ('"prompt_tokens":100000000000000000000,"completion_tokens":2', (2**31, 2, 0)),
    ],
)
def test_counts_that_cannot_be_are_taken_for_the_nearest_that_can(told: str, taken: tuple[int, int, int]) -> None:
    reply = read_reply(f'{{"choices":[{{"message":{{"content":"hi"}}}}],"usage":{{{told}}}}}'.encode())
    usage = reply.end.usage
    assert (usage.prompt_tokens, usage.reply_tokens, usage.cached_tokens) == taken
