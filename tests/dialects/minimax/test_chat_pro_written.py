"""Bodies of chatcompletion_pro as this side writes them: they read back, and what they cannot say is not sent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import Bot, ChatRequest, Finding, Role, Sampling, Turn
from rhapsode.core.constraint import Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.errors import InvalidField
from rhapsode.core.function import Function, FunctionCall
from rhapsode.dialects.minimax.chat_models import CHAT_MODELS
from rhapsode.dialects.minimax.chat_pro import WITHOUT_FUNCTIONS, ProCall, read_request, write_request
from tests.dialects.minimax.pro_bodies import NOTHING, Body, body

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SAID = st.builds(Turn, role=st.sampled_from(Role), speaker=NAMES, text=TEXTS)
CALLED = st.builds(
    Turn,
    role=st.just(Role.BOT),
    speaker=NAMES,
    text=TEXTS | st.just(""),
    calls=st.tuples(st.builds(FunctionCall, name=NAMES, arguments=TEXTS | st.just(""))),
)
TURNS = st.lists(SAID | CALLED, max_size=4)
CONSTRAINTS = (
    Glyph(parts=(Literal(text="I feel "), Select(name="mood", options=("calm", "gay")), Literal(text="."))),
    Glyph(parts=(Gen(name="why", stop="\\.", temperature=0.5, max_tokens=9),)),
    JsonDocument(
        schema={
            "type": "object",
            "properties": {"mood": {"type": "string"}},
            "required": ["mood"],
            "additionalProperties": False,
        },
        must_close=True,
    ),
)
SHARES = st.floats(0, 1, exclude_min=True)
FUNCTIONS = st.lists(
    st.builds(
        Function,
        name=st.from_regex(r"(?!plugin_)[a-zA-Z0-9_-]{1,64}", fullmatch=True),
        description=TEXTS | st.just(""),
        parameters=st.just(NOTHING)
        | st.fixed_dictionaries(
            {"type": st.just("object")},
            optional={
                "properties": st.dictionaries(NAMES, st.just({"type": "string"}), max_size=3),
                "required": st.lists(NAMES, max_size=3),
                "description": TEXTS,
            },
        ),
    ),
    max_size=3,
    unique_by=lambda function: function.name,
)


@st.composite
def calls(draw: st.DrawFn) -> ProCall:
    bots = draw(
        st.lists(
            st.builds(Bot, name=NAMES, description=st.text(st.characters(exclude_categories=["Cs"]))),
            min_size=1,
            max_size=3,
            unique_by=lambda bot: " ".join(bot.name.split()),
        )
    )
    constraint = draw(st.none() | st.sampled_from(CONSTRAINTS))
    functions = () if constraint else tuple(draw(FUNCTIONS))
    request = ChatRequest(
        model=(model := draw(st.sampled_from(sorted(set(CHAT_MODELS) - {WITHOUT_FUNCTIONS})))),
        bots=tuple(bots),
        samples=tuple(draw(TURNS)),
        turns=(*draw(TURNS), Turn(role=Role.USER, speaker=draw(NAMES), text=draw(TEXTS))),
        reply_as=draw(st.sampled_from(bots)).name,
        max_tokens=draw(st.integers(1, CHAT_MODELS[model].tokens)),
        sampling=Sampling(temperature=draw(SHARES), top_p=draw(SHARES)),
        functions=functions,
        must_call=(draw(st.sampled_from(functions)).name,) if functions and draw(st.booleans()) else (),
        mask=draw(st.booleans()),
        constraint=constraint,
        search=not constraint and draw(st.booleans()),
    )
    return ProCall(request=request, stream=not constraint and draw(st.booleans()))


@given(calls())
def test_what_is_written_reads_back(call: ProCall) -> None:
    assert read_request(write_request(call)) == call


CALL = read_request(body())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stops": ("x",)}, "stop"),
        ({"must_call": ("a", "b")}, "function_call"),
        ({"findings": (Finding(title="", url="", text=""),)}, "findings"),
        ({"sampling": Sampling(temperature=0.9, top_p=0.95, presence_penalty=1)}, "presence_penalty"),
        ({"sampling": Sampling(temperature=0.9, top_p=0.95, frequency_penalty=-1)}, "frequency_penalty"),
        ({"sampling": Sampling(temperature=0, top_p=0.95)}, "temperature"),
        ({"sampling": Sampling(temperature=1.5, top_p=0.95)}, "temperature"),
        ({"sampling": Sampling(temperature=float("nan"), top_p=0.95)}, "temperature"),
    ],
)
def test_what_the_wire_cannot_say_is_not_sent(change: Body, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        write_request(replace(CALL, request=replace(CALL.request, **change)))
    assert caught.value.field == field


def test_several_calls_of_one_turn_become_turns_of_their_own() -> None:
    calls = tuple(FunctionCall(name=name, arguments="{}", id=name) for name in "ab")
    turn = Turn(role=Role.BOT, speaker="MM智能助理", text="Let me see.", calls=calls)
    sent = write_request(replace(CALL, request=replace(CALL.request, turns=(turn,))))
    assert [(turn.text, [call.name for call in turn.calls]) for turn in read_request(sent).request.turns] == [
        ("Let me see.", ["a"]),
        ("", ["b"]),
    ]
