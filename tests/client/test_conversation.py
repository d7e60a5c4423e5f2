import pytest

from rhapsode import BadRequest, Bot, CallError, Function, FunctionCall, ReplyCut, Role, Turn
from rhapsode.core.chat import ChatCall, ChatText
from tests.client.player import END, Player, call, events, reply, silence, status, stream, writer
from tests.client.speakers import OpenClient

HELPER = Bot(name="Helper", description="Helper answers briefly.")
OTHER = Bot(name="Other", description="Other disagrees.")


def user(text: str, speaker: str = "小明") -> Turn:
    return Turn(role=Role.USER, speaker=speaker, text=text)


def bot(text: str, speaker: str = "Helper") -> Turn:
    return Turn(role=Role.BOT, speaker=speaker, text=text)


def test_the_turns_grow_as_in_the_quickstart(open_client: OpenClient) -> None:
    with Player(reply("一"), reply("二")) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER, user="小明")
        assert talk.say("你好").text == "一"
        assert talk.say("再见").text == "二"
    assert talk.turns == (user("你好"), bot("一"), user("再见"), bot("二"))
    assert server.asked[1].json["messages"] == [
        {"sender_type": "USER", "sender_name": "小明", "text": "你好"},
        {"sender_type": "BOT", "sender_name": "Helper", "text": "一"},
        {"sender_type": "USER", "sender_name": "小明", "text": "再见"},
    ]


def test_others_may_speak_and_reply(open_client: OpenClient) -> None:
    with Player(reply("哦", "Other")) as server:
        talk = open_client(base_url=server.url).conversation(bots=[HELPER, OTHER])
        talk.say("你好", user="小红", reply_as="Other")
    assert talk.turns == (user("你好", "小红"), bot("哦", "Other"))
    assert server.asked[0].json["reply_constraints"] == {"sender_type": "BOT", "sender_name": "Other"}


def test_a_streamed_reply_is_kept_too(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy."))) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER)
        with talk.stream("A calm sea?") as heard:
            assert list(heard) == ["Gla", "ssy."]
    assert talk.turns == (user("A calm sea?", "User"), bot("Glassy."))


def test_a_call_that_fails_leaves_the_turns_as_they_were(open_client: OpenClient) -> None:
    with Player(reply("一"), status(2013, "no"), status(1013, "no")) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER, user="小明")
        talk.say("你好")
        with pytest.raises(CallError):
            talk.say("再见")
        with pytest.raises(CallError), talk.stream("再见"):
            pytest.fail("there is nothing to hear")
    assert talk.turns == (user("你好"), bot("一"))


def test_a_stream_left_early_is_kept_as_far_as_it_was_heard(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ss", "y.")[:2], then=silence)) as server:
        talk = open_client(base_url=server.url).conversation(bots=[HELPER, OTHER], reply_as="Other")
        with talk.stream("A calm sea?") as heard:
            next(heard)
    assert talk.turns == (user("A calm sea?", "User"), bot("Gla", "Other"))


def test_a_stream_left_by_an_exception_is_kept_as_far_as_it_was_heard(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy.")[:1], then=silence)) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER)
        with pytest.raises(ValueError, match="Gla"), talk.stream("A calm sea?") as heard:
            int(next(heard))
    assert [turn.text for turn in talk.turns] == ["A calm sea?", "Gla"]


def test_a_stream_left_before_its_first_piece_leaves_the_turns_as_they_were(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy.")[:1], then=silence)) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER)
        with talk.stream("A calm sea?"):
            pass
    assert talk.turns == ()


def test_a_stream_that_breaks_leaves_the_turns_as_they_were(open_client: OpenClient) -> None:
    with Player(stream(*events("Gla", "ssy.")[:1])) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER)
        with pytest.raises(ReplyCut), talk.stream("A calm sea?") as heard:
            list(heard)
    assert talk.turns == ()


def test_a_call_is_kept_and_answered(open_client: OpenClient) -> None:
    with Player(call("now", "{}"), reply("九点。")) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER, functions=[Function(name="now")])
        asked = talk.say("几点了？", user="小明")
        talk.say(asked.answer("9:00"))
    called = Turn(role=Role.BOT, speaker="Helper", text="", calls=(FunctionCall(name="now", arguments="{}"),))
    answer = Turn(role=Role.FUNCTION, speaker="now", text="9:00")
    assert talk.turns == (user("几点了？"), called, answer, bot("九点。"))


def test_a_streamed_call_is_kept_too(open_client: OpenClient) -> None:
    frames = [writer().write_event(event) for event in (ChatText(text="Hm."), END)]
    called = writer()
    pieces = [called.write_event(event) for event in (ChatCall(index=0, name="now", arguments="{}"), END)]
    with Player(stream(*pieces), stream(*frames)) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER)
        with talk.stream("几点了？", user="小明") as heard:
            assert list(heard) == []
            assert heard.function_call == FunctionCall(name="now", arguments="{}")
        with talk.stream(heard.reply.answer("9:00")) as heard:
            list(heard)
        assert heard.function_call is None
    assert [turn.role for turn in talk.turns] == [Role.USER, Role.BOT, Role.FUNCTION, Role.BOT]
    assert talk.turns[1].calls == (FunctionCall(name="now", arguments="{}"),)


def test_an_empty_reply_is_not_kept(open_client: OpenClient) -> None:
    with Player(reply("")) as server:
        talk = open_client(base_url=server.url).conversation(bots=HELPER)
        assert talk.say("?").text == ""
    assert talk.turns == ()


def test_a_conversation_goes_on_where_another_ended(open_client: OpenClient) -> None:
    said = (user("你好"), bot("一"))
    with Player(reply("二")) as server:
        talk = open_client(base_url=server.url).conversation(turns=said, bots=HELPER, user="小明")
        talk.say("再见")
    assert talk.turns == (*said, user("再见"), bot("二"))


def test_a_conversation_that_cannot_be_held_is_refused_at_once(open_client: OpenClient) -> None:
    with pytest.raises(BadRequest, match="reply_as"):
        open_client().conversation(bots=HELPER, reply_as="Nobody")
