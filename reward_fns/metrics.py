"""What one group's vote looked like: metrics that need no label, apart from those that do.

The formulas are those of TTRL's code and paper (arXiv 2504.16084), per group; a step's metric is the mean over its
groups. Notation: N responses with answers a_i, m votes for the pseudo-label, rewards r_i, the first K responses kept,
and, where the ground truth y is known, t_i = 1 where a_i = y.
"""

from collections import Counter
from collections.abc import Sequence

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.verified_vote import verified_label
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers, take_vote

Kept = int | Sequence[int]
"""Which responses are trained on: as many of the first, or these places in sampling order."""


def vote_metrics(group: Group, rewards: Sequence[float], kept: Kept) -> dict[str, float]:
    """Return the label-free metrics of one group.

    Args:
        group: N responses to one prompt.
        rewards: N rewards, sampling order.
        kept: which responses are trained on.

    Returns:
        ``majority_ratio`` = m / N; ``answer_entropy`` in nats; ``distinct_answers``; ``unparsed_ratio`` = responses
        without an answer / N; ``majority_voting_reward`` = mean of the N rewards (TTRL's name, whatever the reward);
        ``reward_mean`` over the kept; ``zero_advantage_groups`` = 1.0 where all kept rewards are equal, so that the
        group gives no gradient under a group-relative advantage. All 0.0 but the last for an empty group.

    Example:
        >>> vote_metrics(Group(answers=("4", "5", "4", None)), [1.0, 0.0, 1.0, 0.0], kept=1)["zero_advantage_groups"]
        1.0
    """
    trained = _chosen(rewards, kept)
    return {
        "majority_ratio": take_vote(group.answers).majority_ratio,
        "answer_entropy": answer_entropy(group.answers),
        "distinct_answers": float(len(count_answers(group.answers))),
        "unparsed_ratio": group.answers.count(None) / group.size if group.size else 0.0,
        "majority_voting_reward": _mean(rewards),
        "reward_mean": _mean(trained),
        "zero_advantage_groups": float(no_signal(trained)),
    }


def no_signal(rewards: Sequence[float]) -> bool:
    """Return whether a group's kept rewards are all equal, or none: no gradient under a group-relative advantage.

    Example:
        >>> no_signal([1.0, 1.0]), no_signal([1.0, 0.0]), no_signal([])
        (True, False, True)
    """
    return len(set(rewards)) <= 1


def label_metrics(group: Group, rewards: Sequence[float], label: str, kept: Kept) -> dict[str, float]:
    """Return the metrics of one group that need its ground truth. For diagnosis: no reward may depend on them.

    A soft reward is read as 1 where it is the highest of its group, else 0, so that it can be held against t_i; where
    all are equal, as 1 where they are above 0. For rewards of 0 and 1 this is r_i itself, and TTRL's formula. (TTRV's
    code compared its soft rewards with 0 and 1, and found next to none of them right.)

    Args:
        group: N responses to one prompt.
        rewards: N rewards, sampling order.
        label: the canonical ground truth.
        kept: which responses are trained on.

    Returns:
        ``label_accuracy`` = 1 where the pseudo-label is right (maj@N); ``reward_accuracy`` = share of the N responses
        with r_i = t_i; ``ground_truth_ratio`` = mean of t_i; ``pass@N`` = 1 where any t_i is 1, which is no unbiased
        estimate; and, over the kept responses alone, ``post_reward_accuracy``, ``post_ground_truth_ratio`` and
        ``post_pass@K``, with N and K as numbers.

    Example:
        >>> group = Group(answers=("4", "5", "4", None))
        >>> label_metrics(group, [1.0, 0.0, 1.0, 0.0], "5", kept=2)["reward_accuracy"]
        0.25
    """
    correct = [float(answer is not None and answer == label) for answer in group.answers]
    agree = [float(r == t) for r, t in zip(_as_binary(rewards), correct, strict=True)]
    winner = take_vote(group.answers).label
    return {
        "label_accuracy": float(winner is not None and winner == label),
        "reward_accuracy": _mean(agree),
        "ground_truth_ratio": _mean(correct),
        f"pass@{group.size}": float(any(correct)),
        "post_reward_accuracy": _mean(_chosen(agree, kept)),
        "post_ground_truth_ratio": _mean(_chosen(correct, kept)),
        f"post_pass@{len(_chosen(correct, kept))}": float(any(_chosen(correct, kept))),
    }


def top_answer_share(groups: Sequence[Group]) -> float:
    """Return how many of all answers, across prompts, are the most common one.

    Questions with different answers keep it low; a policy that collapses to one answer for everything drives it to 1.
    Answers that were not found count in the denominator alone. 0.0 where nobody answered.

    Example:
        >>> top_answer_share([Group(answers=("A", "B")), Group(answers=("A", None))])
        0.5
    """
    answers = [answer for group in groups for answer in group.answers]
    counts = Counter(answer for answer in answers if answer is not None)
    return max(counts.values()) / len(answers) if counts else 0.0


def check_metrics(group: Group, failed: int) -> dict[str, float]:
    """Return what a check said of one group, and whether it changed the vote.

    Args:
        group: N responses with the words of a check.
        failed: on how many it had no word because it hung, died or raised.

    Returns:
        ``check_mean`` over the responses with a word; ``check_none`` = responses without one / N; ``check_failed`` =
        failed / N; ``check_moved`` = 1.0 where the vote of ``verified_vote`` (omega 5) is not the majority's.

    Example:
        >>> check_metrics(Group(answers=("4", "4", "5"), checks=(0.0, None, 1.0)), failed=1)["check_moved"]
        1.0
    """
    words = [word for word in group.checks or () if word is not None]
    verified = verified_label(group)
    return {
        "check_mean": _mean(words),
        "check_none": 1 - len(words) / group.size if group.size else 0.0,
        "check_failed": failed / group.size if group.size else 0.0,
        "check_moved": float(verified != take_vote(group.answers).label),
    }


def _chosen(values: Sequence[float], kept: Kept) -> list[float]:
    return list(values[:kept]) if isinstance(kept, int) else [values[place] for place in kept]


def _as_binary(rewards: Sequence[float]) -> list[float]:
    """Return 1.0 for the highest rewards of a group; where all are equal, 1.0 for those above 0."""
    if len(set(rewards)) <= 1:
        return [float(reward > 0) for reward in rewards]
    highest = max(rewards)
    return [float(reward == highest) for reward in rewards]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
