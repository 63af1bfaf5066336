"""Patch: what a prompt or a token weighs, as a factor of its advantages.

A factor on the rewards cancels in GRPO's advantage, and verl's estimators (0.9.1, ``trainer/ppo/core_algos.py``) see
neither prompt nor step. So ``PPOTrainer._compute_advantage`` (``trainer/ppo/v1/trainer_base.py``, line 1743) is
wrapped: it has put the advantages into TransferQueue, and those of the responses that weigh something else than 1 are
read, multiplied and put back. The group stage and the trainer run in one process. A step without such weights reads
nothing.

Before the advantages, a step that waits for entropies is given them: ``_compute_old_log_prob`` (line 1634) computes the
entropy at each token of the kept responses and stores it, and no estimator is shown it.

Returns, which a critic learns from, are left as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ttrl_verl.hooks import is_tested, patch

MODULE = "verl.trainer.ppo.v1.trainer_base"

_weights: dict[str, float | Sequence[float]] = {}


Entropies = Mapping[str, Sequence[float]]
"""The entropy at each of a response's own tokens, nats, by its key in TransferQueue."""

_waiting: Callable[[Entropies], Mapping[str, float]] | None = None


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


def when_entropies_are_known(call: Callable[[Entropies], Mapping[str, float]]) -> None:
    """Have a function called with the entropies of this step's kept responses, before the advantages are computed.

    Args:
        call: returns metrics, which are logged with the step.

    Raises:
        RuntimeError: verl is not of the version that the patch was tested with.
    """
    global _waiting
    if not is_tested("verl"):
        raise RuntimeError("the reward needs entropies; that takes the tested version of verl")
    _waiting = call


def _hand_over(batch: Any, metrics: dict) -> None:
    import transfer_queue as tq

    global _waiting
    call, _waiting = _waiting, None
    fields = ["entropy", "response_mask"]
    data = tq.kv_batch_get(keys=list(batch.keys), partition_id=batch.partition_id, select_fields=fields)
    # Tokens that are not the policy's own, a tool's, are no part of its entropy.
    rows = zip(batch.keys, data["entropy"].unbind(), data["response_mask"].unbind(), strict=True)
    metrics.update(call({key: (entropy * mask).tolist() for key, entropy, mask in rows}))


def _weighted(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    if _waiting is not None:
        _hand_over(*args, **kwargs)
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
