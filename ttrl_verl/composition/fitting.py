"""A recipe's step fitted to fewer questions than it takes."""

import math
from collections.abc import Mapping
from typing import Any


def fitting_batch(values: Mapping[str, Any], batch: int) -> dict[str, int]:
    """Return the settings of a step of ``batch`` questions that is one update.

    Args:
        values: the composed run.
        batch: questions a step.

    Example:
        >>> actor = {"ppo_micro_batch_size_per_gpu": 64}
        >>> values = {"actor_rollout_ref": {"actor": actor, "rollout": {"n": 16}}}
        >>> fitting_batch(values, 3)["actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu"]
        16
    """
    actor, kept = values["actor_rollout_ref"]["actor"], values["actor_rollout_ref"]["rollout"]["n"]
    micro = actor["ppo_micro_batch_size_per_gpu"]
    found = {"data.train_batch_size": batch, "actor_rollout_ref.actor.ppo_mini_batch_size": batch}
    if micro is not None:
        found["actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu"] = math.gcd(micro, batch * kept)
    return found
