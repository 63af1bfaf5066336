"""A request that nobody waits for any more is ended in the LLM server.

verl 0.9.1's client (``workers/rollout/llm_server.py``) waits for a call of the server's actor; where the session that
waits is cancelled, the call goes on to its last token. And its server's ``abort_request`` finds no request of vLLM
0.24, which gives each an id of its own. So the call is cancelled through Ray: that raises ``CancelledError`` in the
server's ``generate``, on which vLLM aborts the request.
"""

import asyncio
from typing import Any

import ray


def end_cancelled_requests(client: Any) -> None:
    """Have a client's requests ended in the server where the session that waits for one is cancelled.

    Args:
        client: verl's ``LLMServerClient``, or one of its subclasses.
    """
    acquire = client._acquire_server

    async def acquire_server(request_id: str, **extra: Any) -> tuple[str, "_Server"]:
        server_id, server = await acquire(request_id, **extra)
        return server_id, _Server(server)

    client._acquire_server = acquire_server


class _Server:
    """The handle of a server's actor, as the client uses it: ``await server.generate.remote(...)``."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.generate = self

    async def remote(self, **request: Any) -> Any:
        """Generate; where the caller is cancelled, so is the call."""
        reference = self._server.generate.remote(**request)
        try:
            return await reference
        except asyncio.CancelledError:
            ray.cancel(reference)
            raise
