"""The control with the ground truth: what labels would have bought."""

from ttrl_verl.reward_fns.group import Group


def oracle(group: Group) -> list[float]:
    """Reward each response whose answer is the label: the upper bound that a label-free reward is held against.

    r_i = 1 where a_i is the ground truth, else 0: reinforcement learning with verifiable rewards, no paper of its own.
    Training with it takes ``ttrl.allow_labels: true`` in the recipe.

    Args:
        group: N responses to one prompt, with the canonical label.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. Nobody is right, or nobody has an answer: all 0.0.

    Raises:
        ValueError: the group has no label.

    Example:
        >>> oracle(Group(answers=("4", "5", None), label="4"))
        [1.0, 0.0, 0.0]
    """
    if group.label is None:
        raise ValueError("the group has no label; the oracle is a control for data that has labels")
    return [float(answer == group.label) for answer in group.answers]
