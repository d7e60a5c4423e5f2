"""The waiting line in front of a model."""

import asyncio

import pytest

from rhapsode.core.errors import EngineError, Overloaded
from rhapsode.engines.chat.line import Line, Place


async def settled() -> None:
    """Everything that can run has run: nothing here waits for anything but the loop."""
    for _ in range(5):
        await asyncio.sleep(0)


def enter(line: Line) -> "asyncio.Task[Place]":
    return asyncio.create_task(line.enter())


async def test_one_prompt_at_a_time_and_so_many_inside() -> None:
    line = Line(places=2, longest=9)
    first, second, third = enter(line), enter(line), enter(line)
    await settled()
    assert (first.done(), second.done(), line.inside, line.waiting) == (True, False, 1, 2)
    first.result().evaluated()
    await settled()
    assert (second.done(), third.done(), line.inside) == (True, False, 2)
    second.result().evaluated()
    await settled()
    assert not third.done()
    first.result().leave()
    await settled()
    assert third.done()


async def test_first_come_first_served() -> None:
    line = Line(places=1, longest=9)
    order: list[int] = []

    async def call(number: int) -> None:
        place = await line.enter()
        order.append(number)
        place.leave()

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(call(number))
    assert order == list(range(8))


async def test_the_line_has_an_end() -> None:
    line = Line(places=1, longest=1)
    inside = await line.enter()
    waiting = enter(line)
    await settled()
    with pytest.raises(Overloaded):
        await line.enter()
    inside.leave()
    (await waiting).leave()
    assert (line.inside, line.waiting) == (0, 0)


async def test_with_no_line_at_all_a_free_place_is_still_given() -> None:
    line = Line(places=1, longest=0)
    place = await line.enter()
    with pytest.raises(Overloaded):
        await line.enter()
    place.leave()
    (await line.enter()).leave()


async def test_who_waits_can_leave() -> None:
    line = Line(places=1, longest=9)
    inside = await line.enter()
    impatient, patient = enter(line), enter(line)
    await settled()
    impatient.cancel()
    await settled()
    assert line.waiting == 1
    inside.leave()
    assert (await patient) is not None


async def test_who_leaves_as_the_place_comes_gives_it_on() -> None:
    line = Line(places=1, longest=9)
    inside = await line.enter()
    leaving, next_one = enter(line), enter(line)
    await settled()
    inside.leave()  # the place is given to `leaving`, which has not run yet
    leaving.cancel()
    (await next_one).leave()
    assert line.inside == 0


async def test_leaving_twice_frees_one_place() -> None:
    line = Line(places=1, longest=9)
    place = await line.enter()
    place.leave()
    place.leave()
    place.evaluated()
    assert line.inside == 0


async def test_closing_sends_away_who_waits_and_waits_for_who_is_inside() -> None:
    line = Line(places=1, longest=9)
    inside = await line.enter()
    waiting = enter(line)
    await settled()
    line.close()
    with pytest.raises(EngineError):
        await waiting
    with pytest.raises(EngineError):
        await line.enter()
    emptied = asyncio.create_task(line.emptied())
    await settled()
    assert not emptied.done()
    inside.leave()
    await emptied


async def test_a_further_prompt_waits_for_the_one_in_evaluation_and_goes_before_who_is_outside() -> None:
    line = Line(places=2, longest=9)
    inside = await line.enter()
    inside.evaluated()
    evaluating = await line.enter()
    outside = enter(line)
    again = asyncio.create_task(inside.evaluate())
    await settled()
    assert not again.done()
    evaluating.leave()
    await again
    assert not outside.done()  # there is a place, and a prompt in evaluation
    inside.evaluated()
    (await outside).leave()
    inside.leave()
    assert line.inside == 0


async def test_who_gives_up_waiting_for_a_further_prompt_holds_nobody_up() -> None:
    line = Line(places=2, longest=9)
    inside = await line.enter()
    inside.evaluated()
    evaluating = await line.enter()
    again = asyncio.create_task(inside.evaluate())
    await settled()
    again.cancel()
    evaluating.evaluated()  # the turn may have come in the same moment
    await asyncio.wait([again])
    inside.leave()
    evaluating.leave()
    (await line.enter()).leave()
    assert line.inside == 0


async def test_a_line_that_closes_sends_who_waits_for_a_further_prompt_away() -> None:
    line = Line(places=2, longest=9)
    inside = await line.enter()
    inside.evaluated()
    evaluating = await line.enter()
    again = asyncio.create_task(inside.evaluate())
    await settled()
    line.close()
    with pytest.raises(EngineError):
        await again
    evaluating.leave()
    with pytest.raises(EngineError):
        await inside.evaluate()
    inside.leave()
    await line.emptied()
