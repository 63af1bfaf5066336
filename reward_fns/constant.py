"""The control without a signal: the same reward for every response."""

import math

from ttrl_verl.reward_fns.group import Group


def constant(group: Group, *, value: float = 0.0) -> list[float]:
    """Reward every response alike, whatever it says, an answer or none.

    r_i = value. Under a group-relative advantage (GRPO, RLOO) this is no gradient at all: what still changes comes
    from the KL and entropy terms of the loss.

    Args:
        group: N responses to one prompt.
        value: the reward, finite.

    Returns:
        N rewards, all ``value``.

    Raises:
        ValueError: ``value`` is not finite.

    Example:
        >>> constant(Group(answers=("A", None)), value=1.0)
        [1.0, 1.0]
    """
    if not math.isfinite(value):
        raise ValueError(f"value is {value}; expected a finite number")
    return [float(value)] * group.size
