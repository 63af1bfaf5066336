"""SCRL as its authors' script runs it: the continuous mode of ``thresholded``, with the entropies of the policy."""

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.thresholded import thresholded


def scrl(
    group: Group, *, positive: float = 0.375, margin: float = 0.125, negative: float = 0.125, shaping: float = 0.1
) -> list[float]:
    """Reward by how far an answer's share is from two thresholds, less what its responses are unsurer than the group's.

    r_i = s(a_i) - shaping * (H(a_i) - H), with s as in the continuous mode of ``thresholded``, H(a) the mean over an
    answer's kept responses of their mean token entropies, nats, and H that over all kept ones (SCRL, arXiv 2603.19880;
    mode and thresholds of the authors' run_example.sh). Where the answer is rare, it is punished only if
    H(a) >= H. Shares are those of all votes; no answer earns -1.

    Departures: entropies are those of the kept responses, which the trainer computes anyway; the authors compute those
    of all votes. Their factors of praise and blame were not readable and are 1.

    Args:
        group: N responses to one prompt, with the entropies of those that are kept.
        positive, margin, negative: shares, as for ``thresholded``.
        shaping: lambda, reward a nat, at least 0.

    Returns:
        N rewards, sampling order. Nobody has an answer: all 0.0.

    Raises:
        ValueError: the group has no entropies, or an option is outside its range.

    Example:
        >>> scrl(Group(answers=("4", "4", "4", "5"), entropies=(1.0, 1.0, None, 2.5)), negative=0.1)
        [0.425, 0.425, 0.425, -0.1]
    """
    if group.entropies is None:
        raise ValueError("the group has no entropies; see docs/methods.md")
    options = {"positive": positive, "margin": margin, "negative": negative, "shaping": shaping}
    return thresholded(group, mode="continuous", **options)
