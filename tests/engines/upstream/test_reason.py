"""What is told of another server's refusal: the rule and the field, and never a word that somebody wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import collect
from rhapsode.core.errors import NotSupported
from rhapsode.engines.upstream.reason import reason_of
from rhapsode.engines.upstream.told_words import FIELDS, FLAGS, RULES
from tests.client.player import Answer, Player, play, status, stream
from tests.engines.chat.requests import chat
from tests.engines.upstream.playing import upstream_at

SENTENCES = [  # of OpenAI, vLLM, llama-server, Ollama, the platform, and this project
    (
        "max_tokens is too large: 5000. This model supports at most 4096 completion tokens, whereas you provided 5000.",
        "max_tokens is too large: … This model supports at most 4096 completion tokens, … you provided …",
    ),
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "Unsupported parameter: max_tokens is not supported with this model. Use max_completion_tokens instead",
    ),
    (
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "… tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
    ),
    ("Cannot use custom grammar constraints with tools.", "Cannot use custom grammar constraints with tools"),
    ("tools param requires --jinja flag", "tools param requires --jinja flag"),
    ("registry.ollama.ai/library/secret:7b does not support tools", "does not support tools"),
    ("invalid params, temperature: must be above 0 and at most 1", "temperature: must be above 0 and at most 1"),
    ("invalid params, messages 中的 sender_name 和 sender_type 不能为空", "sender_name, sender_type"),
    (
        "invalid params, messages[2].text: must not be empty (2013)",
        "messages[2].text: must not be empty",
    ),
    ("Invalid request to http://10.0.0.7:8000 with key sk-abcdefgh: bad 'temperature'", "temperature"),
    ("I can't read: my PIN is 1234 and I live at 5 Elm Street", ""),
    ("SECRET", ""),
    ("", ""),
]


@pytest.mark.parametrize(("sentence", "told"), SENTENCES)
def test_a_sentence_is_told_as_far_as_its_words_are_known(sentence: str, told: str) -> None:
    assert told in reason_of(sentence)
    assert bool(told) == bool(reason_of(sentence))


def test_a_field_that_the_server_names_is_told_if_it_is_one() -> None:
    assert reason_of("No.", "tools[0].function.name") == "tools[0].function.name"
    assert reason_of("must be at most 5", "max_tokens") == "max_tokens: must be at most 5"
    assert reason_of("must be at most 5", "functions.my_secret") == "must be at most 5"
    assert not reason_of("No.", "my secret")


@given(
    said=st.text(min_size=1, max_size=60),
    around=st.sampled_from(["{}", "invalid value: {} is not allowed", "'{}' must be a string", "{} at most {}"]),
)
def test_no_word_comes_out_that_is_not_known(said: str, around: str) -> None:
    told = reason_of(around.replace("{}", said), said)
    for word in re.findall(r"[^\W\d_]+", told):
        assert word.lower() in KNOWN


KNOWN = {word.lower() for words in (RULES, FIELDS, FLAGS) for each in words for word in re.findall(r"[^\W\d_]+", each)}


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("openai", play(b'{"error":{"message":"SECRET must be at most 4096","param":"max_tokens"}}', status=400)),
        (
            "openai",
            play(b'{"object":"error","message":"max_tokens must be at most 4096 SECRET","code":400}', status=400),
        ),
        ("openai", stream(b'data: {"error":{"message":"max_tokens must be at most 4096","code":400}}\n\n')),
        ("minimax", status(2013, "invalid params, max_tokens: must be at most 4096 SECRET")),
    ],
)
async def test_a_caller_hears_what_was_refused(kind: str, refusal: Answer) -> None:
    with Player(refusal) as player:
        async with upstream_at(player.url, kind) as engine:
            with pytest.raises(NotSupported, match=r"refuses the request.*max_tokens.*must be at most 4096") as caught:
                await collect(engine.reply(chat("hi")))
    assert "SECRET" not in caught.value.message
