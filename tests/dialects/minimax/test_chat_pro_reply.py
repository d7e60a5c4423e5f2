import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from rhapsode.core import errors
from rhapsode.core.chat import Bot, ChatCall, ChatEnd, ChatReply, ChatRequest, ChatText, ChatUsage, Finish, Sampling
from rhapsode.core.constraint import Constraint, Gen, Glyph, JsonDocument
from rhapsode.core.function import Function, FunctionCall
from rhapsode.dialects.minimax import chat_pro_reply as wire
from rhapsode.dialects.minimax.chat_pro import ProCall
from rhapsode.dialects.minimax.status import StatusError
from rhapsode.dialects.sse import EventReader
from rhapsode.dialects.stamp import Stamp

TRACE = "0f0e0d0c0b0a09080706050403020100"
END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=39, reply_tokens=2))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def asked(speaker: str = "Helper", model: str = "abab5.5-chat") -> ProCall:
    return ProCall(
        request=ChatRequest(
            model=model,
            bots=(Bot(name=speaker, description=""),),
            turns=(),
            reply_as=speaker,
            max_tokens=256,
            sampling=Sampling(temperature=0.9, top_p=0.95),
        )
    )


def stamp(created: int) -> Stamp:
    return Stamp(trace_id=TRACE, created=created)


def written(text: str, end: ChatEnd = END) -> bytes:
    return wire.write_reply(asked(), ChatReply(text=text, end=end), stamp(1700000000))


def stream(pieces: list[str], end: ChatEnd = END, *, speaker: str = "Helper") -> bytes:
    writer = wire.StreamWriter(asked(speaker), stamp(1700000001))
    events = [*(ChatText(text=piece) for piece in pieces), end]
    return b"".join(map(writer.write_event, events))


def test_a_whole_answer() -> None:
    assert written("Glassy.").decode() == snapshot(
        '{"created":1700000000,"model":"abab5.5-chat","reply":"Glassy.","choices":[{"messages":[{"sender_type":"BOT","sender_name":"Helper","text":"Glassy."}],"finish_reason":"stop"}],"usage":{"total_tokens":41,"prompt_tokens":39,"completion_tokens":2},"input_sensitive":false,"output_sensitive":false,"id":"0f0e0d0c0b0a09080706050403020100","base_resp":{"status_code":0,"status_msg":""}}'
    )


def test_a_streamed_answer() -> None:
    assert stream(["Gla", "ssy."]).decode() == snapshot("""\
data: {"created":1700000001,"model":"abab5.5-chat","reply":"","choices":[{"messages":[{"sender_type":"BOT","sender_name":"Helper","text":"Gla"}]}],"output_sensitive":false}

data: {"created":1700000001,"model":"abab5.5-chat","reply":"","choices":[{"messages":[{"sender_type":"BOT","sender_name":"Helper","text":"ssy."}]}],"output_sensitive":false}

data: {"created":1700000001,"model":"abab5.5-chat","reply":"Glassy.","choices":[{"messages":[{"sender_type":"BOT","sender_name":"Helper","text":"Glassy."}],"finish_reason":"stop"}],"usage":{"total_tokens":41,"prompt_tokens":39,"completion_tokens":2},"input_sensitive":false,"output_sensitive":false,"id":"0f0e0d0c0b0a09080706050403020100","base_resp":{"status_code":0,"status_msg":""}}

""")


@pytest.mark.parametrize(
    ("finish", "word"), [(Finish.STOP, "stop"), (Finish.LENGTH, "length"), (Finish.CONTEXT, "max_output")]
)
def test_why_a_reply_ended_is_told_in_the_platforms_words(finish: Finish, word: str) -> None:
    answer = json.loads(written("x", ChatEnd(finish=finish, usage=END.usage)))
    assert answer["choices"][0]["finish_reason"] == word


@given(st.lists(TEXTS), TEXTS)
def test_a_stream_keeps_every_rule_that_clients_impose(pieces: list[str], speaker: str) -> None:
    sent = stream(pieces, speaker=speaker)
    assert sent.endswith(b"\n\n")
    lines = sent.split(b"\n\n")[:-1]
    assert all(line.startswith(b"data: {") and b"\n" not in line for line in lines)
    *increments, last = [json.loads(line.removeprefix(b"data: ")) for line in lines]
    for event, piece in zip(increments, pieces, strict=True):
        assert event["reply"] == ""
        assert not {"usage", "base_resp"} & set(event)
        (choice,) = event["choices"]
        assert not choice.get("finish_reason")
        assert choice["messages"] == [{"sender_type": "BOT", "sender_name": speaker, "text": piece}]
    whole = "".join(pieces)
    assert last["reply"] == whole
    assert last["choices"][0]["messages"] == [{"sender_type": "BOT", "sender_name": speaker, "text": whole}]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["total_tokens"] == 41
    assert last["base_resp"] == {"status_code": 0, "status_msg": ""}
    assert last["id"] == TRACE


@given(st.lists(TEXTS))
def test_a_stream_reads_back(pieces: list[str]) -> None:
    events = [wire.read_event(data) for data in EventReader().feed(stream(pieces))]
    assert events[:-1] == [wire.ProPiece(text=piece) for piece in pieces]
    assert events[-1] == wire.ProReply(
        text="".join(pieces),
        speaker="Helper",
        finish_reason="stop",
        model="abab5.5-chat",
        trace_id=TRACE,
        total_tokens=41,
        prompt_tokens=39,
        completion_tokens=2,
    )


@given(TEXTS)
def test_a_whole_answer_reads_back(text: str) -> None:
    reply = wire.read_reply(written(text))
    assert (reply.text, reply.speaker, reply.total_tokens) == (text, "Helper", 41)


CALLS = (
    FunctionCall(name="get_weather", arguments='{"city": "上海"}'),
    FunctionCall(name="get_time", arguments="{}"),
)
PIECES = (
    ChatCall(index=0, name="get_weather"),
    ChatCall(index=0, arguments='{"city": '),
    ChatCall(index=0, arguments='"上海"}'),
    ChatCall(index=1, name="get_time", arguments="{}"),
)
OFFERED = ProCall(request=replace(asked().request, functions=(Function(name="get_weather"),)))


def test_a_whole_answer_that_is_a_call_holds_the_first_one_twice() -> None:
    answer = wire.write_reply(OFFERED, ChatReply(text="", end=END, calls=CALLS), stamp(1700000000))
    assert answer.decode() == snapshot(
        '{"created":1700000000,"model":"abab5.5-chat","reply":"","choices":[{"messages":[{"sender_type":"BOT","sender_name":"Helper","text":"","function_call":{"name":"get_weather","arguments":"{\\"city\\": \\"上海\\"}"}}],"finish_reason":"stop"}],"usage":{"total_tokens":41,"prompt_tokens":39,"completion_tokens":2,"tokens_with_added_plugin":0},"input_sensitive":false,"output_sensitive":false,"id":"0f0e0d0c0b0a09080706050403020100","function_call":{"name":"get_weather","arguments":"{\\"city\\": \\"上海\\"}"},"base_resp":{"status_code":0,"status_msg":""}}'
    )
    reply = wire.read_reply(answer)
    assert (reply.text, reply.function_call, reply.finish_reason) == ("", CALLS[0], "stop")


def test_a_streamed_call_comes_whole_in_the_last_event() -> None:
    writer = wire.StreamWriter(OFFERED, stamp(1700000001))
    frames = [writer.write_event(event) for event in (*PIECES, END)]
    assert frames[:-1] == [b""] * len(PIECES)
    assert frames[-1].decode() == snapshot("""\
data: {"created":1700000001,"model":"abab5.5-chat","reply":"","choices":[{"messages":[{"sender_type":"BOT","sender_name":"Helper","text":"","function_call":{"name":"get_weather","arguments":"{\\"city\\": \\"上海\\"}"}}],"finish_reason":"stop"}],"usage":{"total_tokens":41,"prompt_tokens":39,"completion_tokens":2,"tokens_with_added_plugin":0},"input_sensitive":false,"output_sensitive":false,"id":"0f0e0d0c0b0a09080706050403020100","function_call":{"name":"get_weather","arguments":"{\\"city\\": \\"上海\\"}"},"base_resp":{"status_code":0,"status_msg":""}}

""")
    (event,) = map(wire.read_event, EventReader().feed(frames[-1]))
    assert isinstance(event, wire.ProReply)
    assert (event.text, event.function_call) == ("", CALLS[0])


def test_a_call_that_was_cut_says_so() -> None:
    cut = ChatReply(
        text="",
        end=ChatEnd(finish=Finish.LENGTH, usage=END.usage),
        calls=(FunctionCall(name="get_weather", arguments='{"ci'),),
    )
    reply = wire.read_reply(wire.write_reply(OFFERED, cut, stamp(1)))
    assert reply.finish_reason == "length"
    assert reply.function_call == FunctionCall(name="get_weather", arguments='{"ci')


def constrained(constraint: Constraint, text: str, end: ChatEnd) -> bytes:
    call = ProCall(request=replace(asked().request, constraint=constraint))
    return wire.write_reply(call, ChatReply(text=text, end=end), stamp(1700000000))


def test_what_a_raw_glyph_made_stands_in_both_places() -> None:
    end = ChatEnd(finish=Finish.STOP, usage=END.usage, slots={"mood": "calm", "depth": ""})
    sent = constrained(Glyph(parts=(Gen(name="mood"), Gen(name="depth"))), "The sea is calm.", end)
    answer = json.loads(sent)
    assert answer["glyph_result"] == {"mood": "calm", "depth": ""}
    assert answer["choices"][0]["glyph_result"] == {"content": "The sea is calm."}
    assert wire.read_reply(sent).glyph_result == end.slots


def test_a_document_is_printed_with_an_indentation_of_two() -> None:
    answer = json.loads(constrained(JsonDocument(schema={}), '{"mood":"平静","all":[1,true]}', END))
    assert answer["reply"] == '{\n  "mood": "平静",\n  "all": [\n    1,\n    true\n  ]\n}'
    assert answer["choices"][0]["messages"][0]["text"] == answer["reply"]
    assert "glyph_result" not in answer


def test_what_is_said_before_a_call_stands_in_the_message_alone() -> None:
    answer = json.loads(wire.write_reply(OFFERED, ChatReply(text="Hm.", end=END, calls=CALLS), stamp(1)))
    assert answer["reply"] == ""
    assert answer["choices"][0]["messages"][0]["text"] == "Hm."


def test_a_call_of_the_cloud_reads_wherever_it_stands() -> None:
    call = {"name": "get_weather", "arguments": "{}"}
    message = {"sender_type": "BOT", "sender_name": "Helper", "text": "", "function_call": call}
    inside = {"reply": "", "choices": [{"finish_reason": "stop", "messages": [message]}]}
    outside = {"reply": "", "choices": None, "function_call": call}
    empty = {"reply": "Hm.", "choices": None, "function_call": {"name": "", "arguments": ""}}
    for answer in (inside, outside):
        expected = FunctionCall(name="get_weather", arguments="{}")
        assert wire.read_reply(json.dumps(answer).encode()).function_call == expected
        last = wire.read_event(json.dumps(answer).encode())
        assert isinstance(last, wire.ProReply)
        assert last.function_call == expected
    assert wire.read_reply(json.dumps(empty).encode()).function_call is None


def test_an_error_keeps_the_shape_and_echoes_the_model() -> None:
    error = errors.InvalidField("messages[0].text", "must not be empty")
    answer = wire.write_error(error, trace_id=TRACE, body=b'{"model":"abab5.5-chat","messages":1}')
    assert answer.decode() == snapshot(
        '{"created":0,"model":"abab5.5-chat","reply":"","choices":null,"id":"0f0e0d0c0b0a09080706050403020100","base_resp":{"status_code":2013,"status_msg":"invalid params, messages[0].text: must not be empty"}}'
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model":7}', b"\xff", b"[" * 100_000])
def test_an_error_is_told_whatever_the_body_was(body: bytes) -> None:
    assert json.loads(wire.write_error(errors.MalformedBody("x"), trace_id=TRACE, body=body))["model"] == ""


def test_a_stream_that_breaks_ends_with_one_event_that_says_so() -> None:
    writer = wire.StreamWriter(asked(model="m"), stamp(1))
    (data,) = EventReader().feed(writer.write_error(errors.EngineError("the engine failed")))
    event = json.loads(data)
    assert event["base_resp"]["status_code"] == 1013
    assert event["reply"] == ""
    (choice,) = event["choices"]
    assert choice["finish_reason"] == "error"  # a client in use waits for one
    with pytest.raises(StatusError) as caught:
        wire.read_event(data)
    assert (caught.value.code, caught.value.trace_id) == (1013, TRACE)


def test_the_clouds_own_answers_read() -> None:
    cloud = {
        "created": 1700000000,
        "model": "abab5.5-chat",
        "reply": "Glassy.",
        "choices": [
            {"finish_reason": "stop", "messages": [{"sender_type": "BOT", "sender_name": "Helper", "text": "Glassy."}]}
        ],
        "usage": {"total_tokens": 41},
        "input_sensitive": False,
        "output_sensitive": False,
        "id": TRACE,
        "base_resp": {"status_code": 0, "status_msg": ""},
    }
    reply = wire.read_reply(json.dumps(cloud).encode())
    assert (reply.text, reply.total_tokens, reply.prompt_tokens) == ("Glassy.", 41, None)
    with pytest.raises(StatusError, match="token not match group"):
        wire.read_reply(b'{"base_resp":{"status_code":1004,"status_msg":"token not match group"}}')


def test_a_status_of_0_in_every_event_does_not_end_the_stream() -> None:
    message = {"sender_type": "BOT", "sender_name": "H", "text": "Gla"}
    event = {"reply": "", "choices": [{"messages": [message]}], "base_resp": {"status_code": 0, "status_msg": ""}}
    assert wire.read_event(json.dumps(event).encode()) == wire.ProPiece(text="Gla")


def test_a_last_event_without_usage_still_ends_the_stream() -> None:
    message = {"sender_type": "BOT", "sender_name": "H", "text": "Glassy."}
    event = {"reply": "Glassy.", "choices": [{"messages": [message], "finish_reason": "stop"}]}
    assert isinstance(wire.read_event(json.dumps(event).encode()), wire.ProReply)


@pytest.mark.parametrize("body", [b"{}", b'{"base_resp":{"status_code":0}}', b'{"error":"no such page"}'])
def test_json_that_is_no_reply_is_not_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(errors.InvalidField, match="choices"):
        wire.read_reply(body)
