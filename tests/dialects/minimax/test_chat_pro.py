"""What a body of chatcompletion_pro asks for."""

import pytest

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.constraint import Gen, Glyph, Literal
from rhapsode.core.errors import InvalidField, MalformedBody
from rhapsode.dialects.minimax.chat_pro import ProCall, read_request
from tests.dialects.minimax.pro_bodies import WEATHER, Body, body, put


def test_every_part_of_the_body_arrives() -> None:
    call = read_request(body())
    assert call == ProCall(
        stream=False,
        request=ChatRequest(
            model="abab5.5-chat",
            bots=(Bot(name="MM智能助理", description="MM智能助理是一款大型语言模型。"),),
            samples=(Turn(role=Role.USER, speaker="小明", text="在吗"),),
            turns=(
                Turn(role=Role.USER, speaker="小明", text="你好"),
                Turn(role=Role.BOT, speaker="MM智能助理", text="你好，小明。"),
                Turn(role=Role.USER, speaker="小红", text="我呢？"),
            ),
            reply_as="MM智能助理",
            max_tokens=1024,
            sampling=Sampling(temperature=0.9, top_p=0.95),
            mask=True,
        ),
    )


@pytest.mark.parametrize("absent", ["absent", "null"])
@pytest.mark.parametrize(
    ("model", "temperature"), [("abab5.5-chat", 0.9), ("abab6.5s-chat", 0.1), ("ft:abab5.5-chat_1700000000000:x", 0.9)]
)
def test_optional_fields_have_the_models_defaults(model: str, temperature: float, absent: str) -> None:
    def change(good: Body) -> None:
        good["model"] = model
        for name in set(good) - {"model", "messages", "bot_setting", "reply_constraints"}:
            good[name] = None
            if absent == "absent":
                del good[name]

    call = read_request(body(change))
    assert call.request.max_tokens == 256
    assert call.request.sampling == Sampling(temperature=temperature, top_p=0.95)
    assert call.request.samples == call.request.functions == ()
    assert call.request.mask
    assert not call.request.search
    assert not call.stream


@pytest.mark.parametrize(("told", "mask"), [(None, True), (True, True), (False, False)])
def test_masking_is_on_unless_it_is_switched_off(told: bool | None, mask: bool) -> None:  # noqa: FBT001 - a parameter
    assert read_request(body(put("mask_sensitive_info", told))).request.mask is mask


def test_the_blank_turn_of_a_bot_is_left_out() -> None:
    blank = {"sender_type": "BOT", "sender_name": "MM智能助理", "text": ""}
    assert read_request(body(put("messages.1", blank))).request.turns == (
        Turn(role=Role.USER, speaker="小明", text="你好"),
        Turn(role=Role.USER, speaker="小红", text="我呢？"),
    )


def test_the_plugin_searches_the_web() -> None:
    assert read_request(body(put("plugins", ["plugin_web_search"]))).request.search
    assert not read_request(body()).request.search


GLYPH = {"type": "raw", "raw_glyph": "I feel {{gen 'mood'}}."}


@pytest.mark.parametrize(
    ("name", "value"), [("stream", True), ("functions", [WEATHER]), ("plugins", ["plugin_web_search"])]
)
def test_what_a_glyph_excludes_is_named_beside_it(name: str, value: object) -> None:
    def change(good: Body) -> None:
        good["reply_constraints"]["glyph"] = GLYPH
        good[name] = value

    with pytest.raises(InvalidField, match=r"reply_constraints\.glyph") as caught:
        read_request(body(change))
    assert caught.value.field == name


def test_a_glyph_goes_with_samples_and_with_functions_that_are_not_to_be_called() -> None:
    def change(good: Body) -> None:
        good["reply_constraints"]["glyph"] = GLYPH
        good["functions"], good["function_call"] = [WEATHER], {"type": "none"}

    request = read_request(body(change)).request
    assert request.constraint == Glyph(parts=(Literal(text="I feel "), Gen(name="mood"), Literal(text=".")))
    assert request.samples


@pytest.mark.parametrize("together", [("stream", "functions"), ("stream", "plugins"), ("functions", "plugins")])
def test_everything_else_goes_together(together: tuple[str, str]) -> None:
    def change(good: Body) -> None:
        good |= {
            name: {"stream": True, "functions": [WEATHER], "plugins": ["plugin_web_search"]}[name] for name in together
        }

    request = read_request(body(change)).request
    assert request.samples
    assert (bool(request.functions), request.search) == ("functions" in together, "plugins" in together)


@pytest.mark.parametrize("junk", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"model":"\\ud800"}', b"[" * 100_000])
def test_what_is_not_json_is_malformed(junk: bytes) -> None:
    with pytest.raises((MalformedBody, InvalidField)):
        read_request(junk)


def test_an_object_is_wanted() -> None:
    with pytest.raises(InvalidField, match="object"):
        read_request(b"[1]")
