"""verl's checkpoint engine over gloo: weights go from the trainer's processes to those beside vLLM, which are others.

verl's trainer ``separate_async`` moves weights by an engine out of ``CheckpointEngineRegistry``. Those that come with
verl 0.9.1 take NCCL, HCCL, NIXL or RDMA, which no CPU has. This one makes that trainer run here: the actor's first rank
broadcasts each tensor to all rollout workers, on one node or several, by a gloo group that lives for one update.

It answers to ``gloo``, and to ``nccl``, which ``trainer_mode=separate_async`` says, as verl's engine for Ascend does:
the recipe's part is the same with and without GPUs.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import ray
import torch
from torch.distributed import ProcessGroupGloo, TCPStore
from verl.checkpoint_engine.base import CheckpointEngine, CheckpointEngineRegistry

NAMES = ("gloo", "nccl")
_SENDER = 0
_NONE = -1


class GlooCheckpointEngine(CheckpointEngine):
    """One broadcast from the actor's rank 0 to every rollout worker.

    Args:
        bucket_size: verl's, not used: a tensor is sent by itself.
        is_master: whether this is the actor's rank 0.
        timeout_seconds: how long any of them waits for the others before it raises
            (``checkpoint_engine.engine_kwargs.gloo.timeout_seconds``). One that has died is noticed at once.
    """

    def __init__(self, bucket_size: int, is_master: bool = False, timeout_seconds: float = 300.0) -> None:
        self._is_master = is_master
        self._timeout = timedelta(seconds=timeout_seconds)
        self._rank = _NONE
        self._store: TCPStore | None = None
        self._group: ProcessGroupGloo | None = None

    def prepare(self) -> tuple[str, int] | None:
        """Return where the sender's store listens; ``None`` elsewhere."""
        if not self._is_master:
            return None
        host = ray.util.get_node_ip_address().strip("[]")
        self._store = TCPStore(host, 0, is_master=True, wait_for_workers=False, timeout=self._timeout)
        return host, self._store.port

    @classmethod
    def build_topology(
        cls, actor_wg_world_size: int, rollout_world_size: int, metadata: list[Any]
    ) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        """Return what ``init_process_group`` is told: the actor's rank 0 sends, its other ranks stay out.

        Example:
            >>> GlooCheckpointEngine.build_topology(2, 1, [("10.0.0.1", 4711), None, None])  # doctest: +SKIP
            ({'rank': [0, -1], 'size': [2, 2], 'store': [...]}, {'rank': [1], 'size': [2], 'store': [...]})
        """
        size, store = 1 + rollout_world_size, metadata[_SENDER]
        ranks = [_SENDER, *[_NONE] * (actor_wg_world_size - 1)], [*range(1, size)]
        return tuple({"rank": of, "size": [size] * len(of), "store": [store] * len(of)} for of in ranks)

    def init_process_group(self, rank: int, size: int, store: tuple[str, int]) -> None:
        """Join the group of one update; an actor's other rank has none to join."""
        self._rank = rank
        if rank == _NONE:
            return
        if self._store is None:
            self._store = TCPStore(*store, is_master=False, timeout=self._timeout)
        self._group = ProcessGroupGloo(self._store, rank, size, self._timeout)

    def finalize(self) -> None:
        """Leave the group."""
        self._group = self._store = None

    @torch.no_grad()
    async def send_weights(
        self, weights: Iterable[tuple[str, torch.Tensor]], global_steps: int | None = None
    ) -> dict[str, float]:
        """Send each tensor, of any shape and dtype, as it comes: FSDP gathers one at a time.

        All ranks of the actor go through ``weights``, for that gathering takes all of them.
        """
        for name, weight in weights:
            if self._rank == _SENDER:
                said = {"name": name, "dtype": str(weight.dtype).removeprefix("torch."), "shape": [*weight.shape]}
                self._send_text(json.dumps(said))
                self._broadcast(_as_bytes(weight))
        if self._rank == _SENDER:
            self._send_text("")
        return {}

    @torch.no_grad()
    def receive_weights(self, global_steps: int | None = None) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each tensor, of the shape and dtype that the sender had."""
        while text := self._receive_text():
            said = json.loads(text)
            weight = torch.empty(said["shape"], dtype=getattr(torch, said["dtype"]))
            self._broadcast(_as_bytes(weight))
            yield said["name"], weight

    def _broadcast(self, tensor: torch.Tensor) -> None:
        self._group.broadcast(tensor, _SENDER).wait()

    def _send_text(self, text: str) -> None:
        encoded = text.encode()
        self._broadcast(torch.tensor([len(encoded)]))
        if encoded:
            self._broadcast(torch.frombuffer(bytearray(encoded), dtype=torch.uint8))

    def _receive_text(self) -> str:
        length = torch.zeros(1, dtype=torch.int64)
        self._broadcast(length)
        if not length.item():
            return ""
        encoded = torch.empty(int(length.item()), dtype=torch.uint8)
        self._broadcast(encoded)
        return encoded.numpy().tobytes().decode()


def _as_bytes(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor's memory as bytes, of shape ``(nbytes,)``; a copy where its elements are not in a row."""
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


for _name in NAMES:
    CheckpointEngineRegistry.register(_name)(GlooCheckpointEngine)
