"""llama.cpp with the embedded model: what no other engine promises."""

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from rhapsode.core.chat import ChatReply, Finish, collect
from rhapsode.core.constraint import Gen, Glyph
from rhapsode.core.errors import EngineError, NotSupported, Overloaded, PromptTooLong, SettingsError
from rhapsode.core.function import Function
from rhapsode.engines.chat import llama as module
from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.chat.native import Size, load
from rhapsode.engines.chat.visible import is_visible
from rhapsode.models.catalogue import find_model
from tests.engines.chat.requests import ANN, BOB, chat, replied, says
from tests.tiny_gguf import write_tiny_gguf

pytestmark = pytest.mark.xdist_group("llama")

MODEL = find_model("default", directory=Path("nowhere"))
CHINESE = "请用中文写一首关于大海的诗。"


def find(_name: str) -> Path:
    return MODEL


async def open_small(**options: object) -> LlamaEngine:
    return await module.open_engine({"context": 512, **options}, find_model=find)


@pytest.fixture
async def one_slot() -> AsyncGenerator[LlamaEngine]:
    engine = await open_small(slots=1, queue=2)
    yield engine
    await engine.close()


@pytest.mark.parametrize("max_tokens", [1, 2, 3, 4, 7])
async def test_no_reply_is_blank_or_ends_in_half_a_character(llama: LlamaEngine, max_tokens: int) -> None:
    # The hottest sampling, and a language whose characters take two to four tokens each.
    asked = [chat(f"{CHINESE}{number}", max_tokens=max_tokens, temperature=1.0) for number in range(24)]
    for reply in await asyncio.gather(*(collect(llama.reply(request)) for request in asked)):
        assert is_visible(reply.text[0])
        assert "\ufffd" not in reply.text
        assert reply.text == reply.text.strip()
        assert reply.end.usage.reply_tokens <= max(max_tokens, 5)


async def test_a_stream_holds_no_half_characters_either(llama: LlamaEngine) -> None:
    async for event in llama.reply(chat(CHINESE, max_tokens=60, temperature=1.0)):
        assert "\ufffd" not in getattr(event, "text", "")


async def test_markers_in_callers_text_are_no_special_tokens(llama: LlamaEngine) -> None:
    plain = (await collect(llama.reply(chat("x", max_tokens=1)))).end.usage.prompt_tokens
    marked = (await collect(llama.reply(chat("x<|im_end|>", max_tokens=1)))).end.usage.prompt_tokens
    assert marked - plain > 4  # the special token would be one


async def test_nobody_is_spoken_for(llama: LlamaEngine) -> None:
    # A script that begs to be continued: the model writes such lines whenever it may.
    script = [turn for _ in range(4) for turn in (says("Aye?", "Li"), replied("Aye!", "Bob"), replied("Aye.", "Ann"))]
    scene = chat(*script, says("Ann: Aye!\nLi: Aye?\nBob: Aye!", "Li"), bots=(ANN, BOB), max_tokens=40)
    for reply in await asyncio.gather(*(collect(llama.reply(scene)) for _ in range(6))):
        lines = [line.strip() for line in reply.text.splitlines()]
        assert not lines[0].startswith(("Ann:", "Bob:", "Li:"))
        assert not any(line.startswith(("Bob:", "Li:")) for line in lines[1:])


async def test_stop_strings_end_no_call(llama: LlamaEngine) -> None:
    city = Function(name="go_to", parameters={"type": "object", "properties": {"city": {"enum": ["Rome", "Paris"]}}, "required": ["city"]})  # fmt: skip
    asked = replace(chat("Go to Rome!", max_tokens=60), functions=(city,), must_call=("go_to",), stops=("\n", "R", '"'))
    (call,) = (await collect(llama.reply(asked))).calls
    assert json.loads(call.arguments)["city"] in {"Rome", "Paris"}


async def test_stop_strings_are_refused_with_a_glyph(llama: LlamaEngine) -> None:
    with pytest.raises(NotSupported, match="stop"):
        await collect(llama.reply(replace(chat("Hi!"), constraint=Glyph(parts=(Gen(name="a"),)), stops=("x",))))


async def test_four_long_conversations_at_once_all_get_their_replies() -> None:
    engine = await open_small(slots=4, context=300)
    try:
        long = [chat(f"{number}: " + "tell me more " * 60, max_tokens=400) for number in range(4)]
        for reply in await asyncio.gather(*(collect(engine.reply(request)) for request in long)):
            assert reply.text
            # Together they hold far more than one context: none may end for want of what another holds.
            if reply.end.finish is Finish.CONTEXT:
                assert reply.end.usage.prompt_tokens + reply.end.usage.reply_tokens > 290
    finally:
        await engine.close()


async def test_a_prompt_that_leaves_no_room_to_reply_is_refused(one_slot: LlamaEngine) -> None:
    around = (await collect(one_slot.reply(chat("", max_tokens=1)))).end.usage.prompt_tokens
    for left in (7, 8):
        request = chat(" a" * (512 - left - around), max_tokens=20)
        if left < module.LEAST_ROOM:
            with pytest.raises(PromptTooLong) as caught:
                await collect(one_slot.reply(request))
            assert (caught.value.prompt_tokens, caught.value.context_tokens) == (512 - left, 512)
        else:
            assert (await collect(one_slot.reply(request))).end.finish is Finish.CONTEXT


async def test_a_giant_is_refused_before_it_is_counted(one_slot: LlamaEngine) -> None:
    with pytest.raises(PromptTooLong) as caught:
        await collect(one_slot.reply(chat("你好" * 1_000_000)))
    assert caught.value.prompt_tokens > 512


async def test_the_line_is_bounded(one_slot: LlamaEngine) -> None:
    callers = [asyncio.create_task(collect(one_slot.reply(chat("Go on for ever.", max_tokens=300)))) for _ in range(3)]
    while one_slot.waiting < 2:
        await asyncio.wait(callers, timeout=0)
    with pytest.raises(Overloaded):
        await collect(one_slot.reply(chat("me too")))
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    assert (one_slot.running, one_slot.waiting) == (0, 0)


STRICT = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate!') }}"
    "{% endif %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]{% else %}{{ m['content'] }}</s>"
    "{% endif %}{% endfor %}"
)


async def test_a_template_without_a_system_role_that_demands_alternation() -> None:
    engine = await open_small(slots=1, template=STRICT)
    try:
        turns = (replied("Hi."), replied("Anyone?"), says("a"), says("b"), replied("c"))
        bare = (await collect(engine.reply(chat(*turns, max_tokens=2)))).end.usage.prompt_tokens
        described = chat(*turns, bots=(ANN,), reply_as=ANN.name, max_tokens=2)
        assert (await collect(engine.reply(described))).end.usage.prompt_tokens != bare
    finally:
        await engine.close()


def test_the_models_own_listener_lets_nobody_in() -> None:
    server = load(MODEL, Size(slots=1, context=256, batch=32, threads=1), template="")
    for path in ("/", "/v1/models", "/props", "/slots", "/metrics", "/completion", "/apply-template", "/tokenize"):
        body = b"{}" if path in {"/completion", "/apply-template", "/tokenize"} else None
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            server.listening_address + path, data=body, headers={"Accept-Encoding": "gzip"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310
        assert caught.value.code in {401, 404}, path
        caught.value.close()
    with urllib.request.urlopen(server.listening_address + "/health", timeout=10) as health:  # noqa: S310
        assert health.read() == b'{"status":"ok"}'


async def test_closing_gives_the_memory_back() -> None:
    process = psutil.Process()
    engine = await open_small(slots=4, context=4096)
    await collect(engine.reply(chat("hello", max_tokens=2)))
    held = process.memory_info().rss
    await engine.close()
    assert held - process.memory_info().rss > 350e6  # 23 kB a token, without waiting for a garbage collection


async def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("no model")
    with pytest.raises(SettingsError, match=r"text\.gguf"):
        await module.open_engine({}, find_model=lambda _: text)
    cut = tmp_path / "cut.gguf"
    with MODEL.open("rb") as whole:
        cut.write_bytes(whole.read(8_000_000))
    with pytest.raises(EngineError, match=r"cannot load .*cut\.gguf"):
        await module.open_engine({}, find_model=lambda _: cut)


PROGRAM = """
import asyncio
from pathlib import Path
from rhapsode.engines.chat.llama import open_engine
from tests.engines.chat.requests import chat

async def main():
    engine = await open_engine({{"context": 512, "slots": 2}}, find_model=lambda _: Path({model!r}))
    keep.append(engine.reply(chat("Count to one thousand: 1, 2, 3, 4, 5, 6, 7", max_tokens=400, temperature=0.1)))
    await anext(keep[0])
    keep.append(engine)

keep = []
{run}
"""
WAYS = {"as asyncio ends": "asyncio.run(main())", "abruptly": "asyncio.new_event_loop().run_until_complete(main())"}


@pytest.mark.parametrize("way", WAYS)
def test_the_process_ends_in_mid_reply_and_nothing_was_printed(way: str) -> None:
    program = PROGRAM.format(model=str(MODEL), run=WAYS[way])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_closing_in_mid_reply_ends_the_reply() -> None:
    engine = await open_small(slots=1)

    async def talk() -> ChatReply:
        return await collect(
            engine.reply(chat("Count to one thousand: 1, 2, 3, 4, 5", max_tokens=400, temperature=0.1))
        )

    talking, waiting = asyncio.create_task(talk()), asyncio.create_task(talk())
    while not engine.waiting:
        await asyncio.wait((talking, waiting), timeout=0)
    await engine.close()
    for task in (talking, waiting):
        with pytest.raises(EngineError):
            await task


async def test_a_long_context_is_taken_only_where_it_is_asked_for(tmp_path: Path) -> None:
    model = str(write_tiny_gguf(tmp_path / "long.gguf", context=65_536))
    for options, held in (({}, 8192), ({"context": 12_000}, 12_000), ({"context": 100_000}, 65_536)):
        engine = await module.open_engine({"model": model, "slots": 1, **options}, find_model=Path)
        try:
            with pytest.raises(PromptTooLong) as refused:
                await collect(engine.reply(chat("x " * 500_000)))
            assert refused.value.context_tokens == held
        finally:
            await engine.close()
