import anyio
import pytest
from anyio import to_thread

from rhapsode import AsyncClient, Bot
from tests.client.player import Player, events, silence, stream

HELPER = Bot(name="Helper", description="Helper answers briefly.")


async def test_a_cancelled_task_hangs_up_and_keeps_what_it_heard() -> None:
    with Player(stream(events("Gla", "ssy.")[0], then=silence)) as server:
        async with AsyncClient(server.url) as client:
            talk = client.conversation(bots=HELPER)
            with anyio.CancelScope() as scope:
                async with talk.stream("A calm sea?") as heard:
                    async for _ in heard:
                        scope.cancel()
            assert await to_thread.run_sync(server.hung_up.wait, 10)
    assert [turn.text for turn in talk.turns] == ["A calm sea?", "Gla"]


async def test_a_cancelled_call_hangs_up() -> None:
    with Player(silence) as server:
        async with AsyncClient(server.url) as client, anyio.create_task_group() as tasks:

            async def ask() -> None:
                await client.chat("?", bots=HELPER)
                pytest.fail("nobody answered")

            tasks.start_soon(ask)
            while not server.asked:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert await to_thread.run_sync(server.hung_up.wait, 10)
