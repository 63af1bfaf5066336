"""Patch: GLM-4V's operations are counted from its language model.

``verl.utils.flops_counter`` (0.9.1, line 697) counts GLM-4V as a Qwen2, whose ``hidden_size`` and layers stand in the
configuration itself. From transformers 5 on, GLM-4V's stand in ``text_config``: the first update of a run ends with
``AttributeError: 'Glm4vConfig' object has no attribute 'hidden_size'``. The tower is left out of the count, as it
is of verl's own.
"""

from types import ModuleType
from typing import Any

from ttrl_verl.hooks import when_tested


def register() -> None:
    """Replace the entry as soon as the table is imported."""
    when_tested("verl.utils.flops_counter", _replace)


def _replace(module: ModuleType) -> None:
    theirs = module.ESTIMATE_FUNC["glm4v"]

    def estimate(config: Any, tokens_sum: int, batch_seqlens: list[int], delta_time: float) -> float:
        return theirs(getattr(config, "text_config", config), tokens_sum, batch_seqlens, delta_time)

    module.ESTIMATE_FUNC["glm4v"] = estimate
