"""The control that every gain is held against: a coin."""

import random

from ttrl_verl.reward_fns.group import Group


def random_reward(group: Group, *, probability: float = 0.5, seed: int = 0) -> list[float]:
    """Reward each response by a coin, whatever it says.

    A gain under this control is no learning from agreement. The coin is a function of the seed, of the prompt and the
    step where the group has them, and of the group's answers, so that a run repeats and a prompt's coin is new at every
    visit; two equal answers may earn differently. A response without an answer is tossed for,
    too: the control must not teach the format.

    Args:
        group: N responses to one prompt.
        probability: of the reward 1.0, in [0, 1].
        seed: of the coin.

    Returns:
        N rewards in {0.0, 1.0}, sampling order.

    Raises:
        ValueError: ``probability`` is outside [0, 1].

    Example:
        >>> random_reward(Group(answers=("A", "A")), probability=1.0)
        [1.0, 1.0]
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability is {probability}; expected a number from 0 to 1")
    coin = random.Random(f"{seed}:{group.index}:{group.step}:{group.answers!r}")
    return [float(coin.random() < probability) for _ in group.answers]
