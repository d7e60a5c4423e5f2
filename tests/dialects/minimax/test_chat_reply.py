import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from rhapsode.core import errors
from rhapsode.core.chat import Bot, ChatEnd, ChatReply, ChatRequest, ChatText, ChatUsage, Finish, Sampling
from rhapsode.dialects.minimax import chat_reply as wire
from rhapsode.dialects.minimax.chat import ChatCall
from rhapsode.dialects.stamp import Stamp
from tests.dialects.minimax import readers

STAMP = Stamp(trace_id="0f0e0d0c0b0a09080706050403020100", created=1700000000)
END = ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=39, reply_tokens=2))
PIECES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1)


def asked(*, standard_sse: bool = False) -> ChatCall:
    request = ChatRequest(
        model="abab5.5-chat",
        bots=(Bot(name="Helper", description=""),),
        turns=(),
        reply_as="Helper",
        max_tokens=256,
        sampling=Sampling(temperature=0.9, top_p=0.95),
    )
    return ChatCall(request=request, standard_sse=standard_sse)


def stream(pieces: list[str], call: ChatCall | None = None) -> bytes:
    writer = wire.StreamWriter(call or asked(), STAMP)
    return b"".join(map(writer.write_event, [*(ChatText(text=piece) for piece in pieces), END]))


def broken(pieces: list[str]) -> bytes:
    writer = wire.StreamWriter(asked(), STAMP)
    sent = b"".join(writer.write_event(ChatText(text=piece)) for piece in pieces)
    return sent + writer.write_error(errors.EngineError("the engine failed"))


def test_a_whole_answer() -> None:
    assert wire.write_reply(asked(), ChatReply(text="Glassy.", end=END), STAMP).decode() == snapshot(
        '{"created":1700000000,"model":"abab5.5-chat","reply":"Glassy.","choices":[{"text":"Glassy.","index":0,"finish_reason":"stop"}],"usage":{"total_tokens":41,"prompt_tokens":39,"completion_tokens":2},"input_sensitive":false,"output_sensitive":false,"id":"0f0e0d0c0b0a09080706050403020100","base_resp":{"status_code":0,"status_msg":"success"}}'
    )


@pytest.mark.parametrize("standard_sse", [False, True])
def test_a_streamed_answer(*, standard_sse: bool) -> None:
    sent = stream(["Gla", "ssy."], asked(standard_sse=standard_sse)).decode()
    events = sent.split("\n\n" if standard_sse else "\n")
    assert events.pop() == ""
    assert events == snapshot(
        [
            'data: {"created":1700000000,"model":"abab5.5-chat","reply":"","choices":[{"delta":"Gla"}]}',
            'data: {"created":1700000000,"model":"abab5.5-chat","reply":"","choices":[{"delta":"ssy."}]}',
            'data: {"created":1700000000,"model":"abab5.5-chat","reply":"Glassy.","choices":[{"index":0,"finish_reason":"stop","delta":""}],"usage":{"total_tokens":41,"prompt_tokens":39,"completion_tokens":2},"input_sensitive":false,"output_sensitive":false,"id":"0f0e0d0c0b0a09080706050403020100","base_resp":{"status_code":0,"status_msg":"success"}}',
        ]
    )


@pytest.mark.parametrize(
    ("finish", "word"), [(Finish.STOP, "stop"), (Finish.LENGTH, "length"), (Finish.CONTEXT, "max_output")]
)
def test_why_a_reply_ended_is_told_in_the_platforms_words(finish: Finish, word: str) -> None:
    answer = json.loads(
        wire.write_reply(asked(), ChatReply(text="x", end=ChatEnd(finish=finish, usage=END.usage)), STAMP)
    )
    assert answer["choices"][0]["finish_reason"] == word


@pytest.mark.parametrize("standard_sse", [False, True])
@given(pieces=PIECES)
def test_clients_in_use_read_a_stream(pieces: list[str], *, standard_sse: bool) -> None:
    sent = stream(pieces, asked(standard_sse=standard_sse))
    whole = "".join(pieces)
    assert readers.dify_first(sent) == (whole, 41)
    assert readers.langchain_js_first(sent) == whole
    assert "".join(event["choices"][0]["delta"] for event in readers.strict_lines(sent)) == whole
    assert len(readers.httpx_lines(sent)) == len(readers.strict_lines(sent))


def test_clients_in_use_see_that_a_stream_broke() -> None:
    with pytest.raises(readers.ClientFailure, match="the engine failed"):
        readers.dify_first(broken(["Gla"]))
    with pytest.raises(readers.ClientFailure):
        readers.langchain_js_first(broken(["Gla"]))
