"""What llama.cpp's chunks amount to."""

import pytest

from rhapsode.core.chat import ChatText, ChatUsage, Finish
from rhapsode.core.errors import EngineError
from rhapsode.engines.chat.chunks import Choice, Chunk, Delta, Progress, PromptDetails, Timings, Usage, read_chunk
from rhapsode.engines.chat.completion import Completion
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.reader import TextReader
from rhapsode.engines.chat.tidy import Tidy


def text(piece: str, count: int | None = None) -> Chunk:
    timings = None if count is None else Timings(predicted_n=count)
    return Chunk(choices=(Choice(delta=Delta(content=piece)),), timings=timings)


def finish(reason: str) -> Chunk:
    return Chunk(choices=(Choice(delta=Delta(), finish_reason=reason),))


def usage(tokens: int) -> Chunk:
    counted = Usage(prompt_tokens=30, completion_tokens=tokens, prompt_tokens_details=PromptDetails(cached_tokens=9))
    return Chunk(usage=counted, timings=Timings(predicted_n=tokens))


PROMPT = Chunk(prompt_progress=Progress(total=30, cache=9, processed=30), timings=Timings())


def run(max_tokens: int, *chunks: Chunk) -> tuple[str, Finish | None, int]:
    completion = Completion(TextReader(Labels(("Ann", "Bob"))), max_tokens=max_tokens)
    shown = ""
    for chunk in (PROMPT, *chunks):
        shown += "".join(event.text for event in completion.feed(chunk) if isinstance(event, ChatText))
        if completion.end is not None:
            assert completion.end.usage == ChatUsage(
                prompt_tokens=30, cached_tokens=9, reply_tokens=completion.end.usage.reply_tokens
            )
            return shown, completion.end.finish, completion.end.usage.reply_tokens
    return shown, None, 0


def test_the_three_ways_to_end() -> None:
    assert run(50, text("Hello"), finish("stop"), usage(7)) == ("Hello", Finish.STOP, 7)
    assert run(50, text("Hello"), finish("length"), usage(50)) == ("Hello", Finish.LENGTH, 50)
    assert run(50, text("Hello"), finish("length"), usage(20)) == ("Hello", Finish.CONTEXT, 20)


def test_nothing_is_shown_of_white_space_at_the_ends_and_of_half_characters() -> None:
    assert run(50, text(" "), text(" 你"), text("好\n"), text("\n吗 "), text("\ufffd"), usage(9))[0] == "你好\n\n吗"


def test_few_tokens_are_counted_here() -> None:
    assert run(2, text("Once", 1), text(" upon", 2), text(" a", 3)) == ("Once upon", Finish.LENGTH, 2)


def test_the_first_character_may_take_more_tokens_than_are_allowed() -> None:
    assert run(1, text("献", 3), text("给", 5)) == ("献", Finish.LENGTH, 3)


def test_a_second_character_may_not() -> None:
    assert run(2, text("A", 1), text("献", 4)) == ("A", Finish.LENGTH, 2)


def test_last_words_that_come_without_a_count_wait_for_it() -> None:
    assert run(4, text("如", 3), text("果"), finish("length"), usage(5)) == ("如", Finish.LENGTH, 4)
    assert run(4, text("如", 3), text("果"), finish("stop"), usage(4)) == ("如果", Finish.STOP, 4)
    assert run(1, text("献"), finish("length"), usage(5)) == ("献", Finish.LENGTH, 5)


def test_what_is_held_back_at_the_end_is_shown() -> None:
    assert run(2, text("A", 1), text("nn", 2), text(":", 3)) == ("Ann", Finish.LENGTH, 2)
    assert run(50, text("Hm.", 1), text("\nBob", 2), finish("length"), usage(50)) == ("Hm.\nBob", Finish.LENGTH, 50)


def test_who_begins_to_speak_for_another_is_stopped_at_once() -> None:
    assert run(50, text("Hm.", 1), text("\nBob", 2), text(": Hi", 3)) == ("Hm.", Finish.STOP, 3)
    assert run(4, text("Hm.", 1), text("\nAnn", 2), text(": Hi", 3)) == ("Hm.", Finish.STOP, 3)


def test_an_early_stop_is_a_stop() -> None:
    assert run(4, text("Hm", 1), finish("stop"), usage(2)) == ("Hm", Finish.STOP, 2)


def test_white_space_is_held_until_something_follows() -> None:
    tidy = Tidy()
    assert [tidy.feed(piece) for piece in (" \n", "a", " ", "\n", "b ", "c\n")] == ["", "a", "", "", " \nb", " c"]


def test_chunks_that_cannot_be_read_are_an_engine_error() -> None:
    assert read_chunk(b'{"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8}}').error
    with pytest.raises(EngineError):
        read_chunk(b'{"choices": 3}')
    with pytest.raises(EngineError):
        read_chunk(b"\xff")
