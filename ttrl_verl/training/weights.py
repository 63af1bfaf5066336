"""Patch: what a prompt or a token weighs, as a factor of its advantages.

A factor on the rewards cancels in GRPO's advantage, and verl's estimators (0.9.1, ``trainer/ppo/core_algos.py``) see
neither prompt nor step. So ``PPOTrainer._compute_advantage`` (``trainer/ppo/v1/trainer_base.py``, line 1743) is
wrapped: it has put the advantages into TransferQueue, and those of the responses that weigh something else than 1 are
read, multiplied and put back. The group stage and the trainer run in one process. A step without such weights reads
nothing.

Returns, which a critic learns from, are left as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ttrl_verl.hooks import is_tested, patch

MODULE = "verl.trainer.ppo.v1.trainer_base"

_weights: dict[str, float | Sequence[float]] = {}


def register() -> None:
    """Wrap the method as soon as its module is imported."""
    patch(MODULE, {"PPOTrainer._compute_advantage": _weighted})


def multiply_advantages(weights: Mapping[str, float | Sequence[float]]) -> None:
    """Have the advantages of the step's responses multiplied, once they are computed.

    Args:
        weights: by key in TransferQueue, a number or one a token; a response that is missing weighs 1.

    Raises:
        RuntimeError: there are weights, and verl is not of the version that the patch was tested with.
    """
    if weights and not is_tested("verl"):
        raise RuntimeError("the reward gives weights to prompts or tokens; that takes the tested version of verl")
    _weights.clear()
    _weights.update(weights)


def _weighted(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    batch = wrapped(*args, **kwargs)
    keys = [key for key in batch.keys if key in _weights]
    if keys:
        _multiply(batch.partition_id, keys)
    return batch


def _multiply(partition: str, keys: Sequence[str]) -> None:
    import torch
    import transfer_queue as tq
    from tensordict import TensorDict

    data = tq.kv_batch_get(keys=list(keys), partition_id=partition, select_fields=["advantages"])
    rows = [row * torch.as_tensor(_weights[key]) for key, row in zip(keys, data["advantages"].unbind(), strict=True)]
    fields = TensorDict({"advantages": torch.nested.as_nested_tensor(rows, layout=torch.jagged)}, len(rows))
    tq.kv_batch_put(keys=list(keys), partition_id=partition, fields=fields)
