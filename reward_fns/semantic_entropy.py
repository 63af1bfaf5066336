"""EMPO's reward: the share of the group that means the same."""

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import count_answers, votes_of


def semantic_entropy(group: Group, *, min_share: float = 0.0) -> list[float]:
    """Reward each answer's frequency, so that the entropy over meanings falls.

    r_i = p(a_i) = votes for a_i / N (EMPO, arXiv 2504.05812): raising it lowers H = -sum_a p(a) ln p(a). In a group
    whose parsed answers all differ, H is at its maximum and says nothing: all 0.0. ``min_share`` widens that filter: a
    group whose most frequent answer has a smaller share earns 0.0, too. The authors' TRL code pays nothing below a
    share of 0.2 (its threshold of 0.25 on the entropy is there, and not called); their verl code pays bare shares.

    Departures: the paper clusters by a judge of meaning and keeps prompts between two entropy thresholds; here equal
    canonical answers are one cluster, and the share of the top answer is the threshold. A response without an answer
    earns 0.0 and is in no cluster; in the authors' verl code each is a cluster of its own and earns 1 / N, in their TRL
    code it earns 0.0 or -0.5. A group with a single answer passes the filter, and that answer earns 1 / N; EMPO, for
    which H = ln N there, pays it nothing, and so does a ``min_share`` above 1 / N.

    Args:
        group: N responses to one prompt.
        min_share: the smallest share of the top answer that is learnt from, in [0, 1].

    Returns:
        N rewards in [0, 1], sampling order. Nobody has an answer, or more than one answer and all differ: all 0.0.

    Raises:
        ValueError: ``min_share`` is outside [0, 1].

    Example:
        >>> semantic_entropy(Group(answers=("4", "4", "5", None)))
        [0.5, 0.5, 0.25, 0.0]
    """
    if not 0 <= min_share <= 1:
        raise ValueError(f"min_share is {min_share}; expected a number from 0 to 1")
    counts = count_answers(group.answers)
    top = max(counts.values(), default=0)
    if (top == 1 < len(counts)) or top < votes_of(min_share, group.size):
        return [0.0] * group.size
    return [counts[answer] / group.size for answer in group.answers]
