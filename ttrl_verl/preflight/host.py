"""What a run needs of a node's own memory, beside its GPUs': an estimate, as rough as that of the processes in it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.installed import vllm_build_is_cpu
from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.batches import RunNumbers, run_numbers
from ttrl_verl.preflight.memory import GB
from ttrl_verl.preflight.model import Shape, shape_of
from ttrl_verl.preflight.ray_address import joins

_TOKEN_BYTES = 48
"""Of a token of prompt or response in TransferQueue: ids, masks, positions, log-probabilities."""
_PROCESS = 1.0 * GB
"""Of a process that imports verl and torch: measured on the CPU, 0.7 to 1.1 GB."""

FORMULA = """\
host      = offloaded + queue + processes, of one node; or 4 x P while rank 0 reads the weights, if that is more
offloaded = (P x 4 of the reference + P x 12 of an actor or a critic that is offloaded) x GPUs of a node / W
queue     = questions x votes x (prompt + response) x 48 bytes, of one step; of two in the asynchronous trainers
processes = 1 GB each: 2 a GPU (worker, vLLM), loader, agent-loop and reward workers, storage units"""


@dataclass(frozen=True, slots=True)
class Host:
    """Bytes on one node, the one with most."""

    offloaded: float
    queue: float
    processes: float
    loading: float

    @property
    def total(self) -> float:
        """At most, at one time."""
        return max(self.offloaded + self.queue, self.loading) + self.processes


def host(shape: Shape, values: Mapping[str, Any]) -> Host:
    """Return what a run needs of a node's memory, by ``FORMULA``.

    Example, Qwen2.5-Math-7B on eight GPUs of one node: a reference of 7.615 x 4 = 30.5 GB, a queue of
    8 x 64 x 3,584 x 48 = 88 MB, 16 + 8 + 8 + 8 + 8 + 1 processes.
    """
    n, trainer, rollout = run_numbers(values), values["trainer"], values["actor_rollout_ref"]["rollout"]
    p = shape.parameters
    leaves = (p * 4 if n.reference and not n.lora_rank else 0) + (p * 12 if n.critic and n.critic_leaves else 0)
    if n.actor_leaves:
        leaves += p * n.weight_bytes + shape.trained(n.lora_rank) * 8
    per_node = trainer["n_gpus_per_node"]
    spread = {
        "agents": rollout["agent"]["num_workers"],
        "rewards": values["reward"]["num_workers"],
        "storage": values["transfer_queue"]["backend"]["SimpleStorage"]["num_data_storage_units"],
    }
    processes = 2 * per_node + sum(-(-count // trainer["nnodes"]) for count in spread.values())
    # The loader and the trainer's own process are on one node.
    processes += values["data"]["dataloader_num_workers"] + 1
    steps = 1 if trainer["v1"]["trainer_mode"] == "sync" else 2
    return Host(
        offloaded=leaves * per_node / n.gpus,
        queue=steps * queue_bytes(n),
        processes=processes * _PROCESS,
        loading=4.0 * p,
    )


def queue_bytes(n: RunNumbers) -> int:
    """Return what a step's responses take in TransferQueue, all of full length."""
    return n.train * n.votes * (n.prompt + n.response) * _TOKEN_BYTES


def check_host(composed: Composed) -> Iterator[Finding]:
    """Yield the estimate of a node's own memory, held against this machine's where the run is to be on it."""
    values = composed.values
    shape = shape_of(composed)
    if shape is None or values["trainer"]["device"] == "cpu":
        return  # on a CPU all of it is the host's, and `memory` says that it is not estimated
    needed = host(shape, values)
    said = (
        f"about {needed.total / GB:.0f} GB of a node's own memory: {needed.offloaded / GB:.0f} offloaded, "
        f"{needed.queue / GB:.1f} in the queue, {needed.processes / GB:.0f} processes of 1 GB"
    )
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    several = values["trainer"]["nnodes"] > 1
    elsewhere = vllm_build_is_cpu() or several or joins(values["ray_kwargs"]["ray_init"], os.environ)
    if elsewhere or needed.total <= here:
        yield Finding("ok", "host", said)
    else:
        yield Finding("warn", "host", f"{said}; this machine has {here / GB:.0f} GB")
