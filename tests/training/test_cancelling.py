"""A call of a Ray actor ends in the actor where the one who waits for it is cancelled."""

import asyncio
import time
from types import SimpleNamespace

import pytest

pytestmark = [pytest.mark.verl, pytest.mark.timeout(600)]


@pytest.mark.usefixtures("queue")  # a local Ray
def test_a_call_that_nobody_waits_for_is_cancelled_and_others_go_on():
    import ray

    from ttrl_verl.training.cancelling import end_cancelled_requests

    @ray.remote
    class Server:
        """Generates as verl's server does: a coroutine, many at a time."""

        def __init__(self):
            self.begun, self.ended = 0, 0

        async def generate(self, seconds):
            self.begun += 1
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                self.ended += 1
                raise
            return seconds

        async def counts(self):
            return self.begun, self.ended

    server = Server.remote()

    async def acquire_server(request_id, **extra):
        return "0", server

    client = SimpleNamespace(_acquire_server=acquire_server)
    end_cancelled_requests(client)

    async def ask(seconds):
        _, found = await client._acquire_server("a")
        return await found.generate.remote(seconds=seconds)

    async def run():
        slow, quick = asyncio.create_task(ask(900)), asyncio.create_task(ask(1))
        while await server.counts.remote() != (2, 0):
            await asyncio.sleep(0.05)
        slow.cancel()
        return await asyncio.gather(slow, quick, return_exceptions=True)

    slow, quick = asyncio.run(run())
    assert isinstance(slow, asyncio.CancelledError)
    assert quick == 1
    deadline = time.monotonic() + 60
    while ray.get(server.counts.remote()) != (2, 1):
        assert time.monotonic() < deadline
        time.sleep(0.05)
