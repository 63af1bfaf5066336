"""Rewards by the entropies that the trainer computes of the kept responses: RENT, ETTRL, SPINE.

They are asked late, after the vote and before the advantages: see ``Reward.late``. A response that is not kept has no
entropy, and is not trained on.
"""

import math
from collections.abc import Sequence

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.verdict import Verdict


def certainty(group: Group) -> list[float]:
    """Reward each response by how sure the policy was of its tokens.

    r_i = -H_i, with H_i the mean token entropy of the response in nats (RENT, arXiv 2505.22660). It asks nothing of the
    answer, and with time it is learnt by saying less: watch the alarms on lengths and on one answer to everything.

    Departures: the paper also takes the entropy of some tokens alone; here of all of a response's own.

    Args:
        group: N responses to one prompt, with the entropies of those that are kept.

    Returns:
        N rewards of at most 0, sampling order; 0.0 for one that is not kept.

    Raises:
        ValueError: the group has no entropies.

    Example:
        >>> certainty(Group(answers=("4", "5", "6"), entropies=(0.5, 2.0, None)))
        [-0.5, -2.0, 0.0]
    """
    return [0.0 if entropy is None else -entropy for entropy in _entropies(group)]


def relative_confidence(group: Group, *, strength: float = 1.0) -> Verdict:
    """Return the majority vote, the advantage of a response larger the surer it is for its group.

    A_i is multiplied by 1 + strength * (M - H_i) / M, with H_i the mean token entropy of the response and M the mean of
    H_i over the kept ones (ETTRL's Adv-Res, arXiv 2508.11356). Sure and right gains more, sure and wrong loses more.

    Departures: the factor is at least 0, where a response of more than twice the mean entropy would turn the sign of
    its advantage. The paper was read in a summary; its tree of rollouts is not here.

    Args:
        group: N responses to one prompt, with lengths and the entropies of those that are kept.
        strength: of the factor, in [0, 1]; 0 is the majority vote.

    Returns:
        N rewards in {0.0, 1.0} and a weight a token, the same for all of a response. Nobody has an answer: rewards of
        0.0. No entropy anywhere: weights of 1.

    Raises:
        ValueError: the group has no entropies or no lengths, or ``strength`` is outside [0, 1].

    Example:
        >>> relative_confidence(Group(answers=("4", "5"), entropies=(0.5, 1.5), lengths=(1, 2))).token_weights
        [[1.5], [0.5, 0.5]]
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength is {strength}; expected a number from 0 to 1")
    entropies = _entropies(group)
    if group.lengths is None:
        raise ValueError("the group has no lengths")
    kept = [entropy for entropy in entropies if entropy is not None]
    mean = sum(kept) / len(kept) if kept else 0.0
    factors = [
        1.0 if entropy is None or not mean else max(0.0, 1 + strength * (mean - entropy) / mean)
        for entropy in entropies
    ]
    weights = [[factor] * length for factor, length in zip(factors, group.lengths, strict=True)]
    return Verdict(majority_vote(group), token_weights=weights)


def forking(group: Group, *, share: float = 0.2) -> Verdict:
    """Return the majority vote, trained on at the tokens alone where the policy was least sure.

    Of each kept response the share of its tokens with the highest entropies weighs 1, the others 0; at least one, and
    of equals the earlier (SPINE, arXiv 2511.17938, with a share of 0.2). With a share of 1 it is the majority vote.

    Departures: a term of the loss is not here: the band that holds the entropies; a KL term acts at every token, where
    the paper has it at these alone. The loss is still a mean over all tokens, so that the same learning rate goes less
    far. The paper was read in a summary.

    Args:
        group: N responses to one prompt, with the entropies at the tokens of those that are kept.
        share: of the tokens, above 0 and at most 1.

    Returns:
        N rewards in {0.0, 1.0} and a weight of 0.0 or 1.0 a token. Nobody has an answer: rewards of 0.0.

    Raises:
        ValueError: the group has no entropies or no lengths, or ``share`` is outside (0, 1].

    Example:
        >>> forking(Group(answers=("4",), token_entropies=((0.1, 2.0, 0.3),), lengths=(3,))).token_weights
        [[0.0, 1.0, 0.0]]
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; expected a number above 0 and at most 1")
    if group.token_entropies is None or group.lengths is None:
        raise ValueError("the group has no token_entropies, or no lengths")
    rows = zip(group.token_entropies, group.lengths, strict=True)
    weights = [[1.0] * length if row is None else _top(row, share) for row, length in rows]
    return Verdict(majority_vote(group), token_weights=weights)


def _top(entropies: Sequence[float], share: float) -> list[float]:
    count = max(1, math.ceil(round(share * len(entropies), 9)))
    order = sorted(range(len(entropies)), key=lambda place: -entropies[place])
    chosen = set(order[:count])
    return [float(place in chosen) for place in range(len(entropies))]


def _entropies(group: Group) -> Sequence[float | None]:
    if group.entropies is None:
        raise ValueError("the group has no entropies; see docs/methods.md")
    return group.entropies
