"""What a group earns in a run: one reward or several with weights, the responses to keep, and a check of all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ttrl_verl.reward_fns import BoundReward
from ttrl_verl.reward_fns.apart import ApartReward
from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.keep import KEEP_RULES
from ttrl_verl.reward_fns.names import is_path, reason
from ttrl_verl.reward_fns.verdict import Verdict, checked


class RewardError(RuntimeError):
    """A reward failed on a group. The message has its name, the prompt and the reason."""


class Weighted(NamedTuple):
    """A reward, and its weight in the sum."""

    reward: BoundReward
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a group.

    Attributes:
        verdict: the sum of the rewards, with ``keep`` decided.
        means: the mean of each reward over the group before its weight, by the reward's short name.
    """

    verdict: Verdict
    means: dict[str, float] = field(default_factory=dict)


class Judge:
    """Judges groups.

    r_i = sum_k w_k r_ki over the rewards k. The prompt's weight is the product of theirs, a token's likewise; a prompt
    is skipped where one of them skips it; which responses to keep is the first of them to say so, else the rule.

    Args:
        rewards: with their weights. A user's own is called in a process of its own.
        kept: K, how many responses of a group are trained on.
        keep: the name of a rule of ``KEEP_RULES``.

    Example:
        >>> from ttrl_verl.reward_fns import get_reward_fn
        >>> judge = Judge([Weighted(get_reward_fn("majority_vote")), Weighted(get_reward_fn("constant", value=1), 0.5)])
        >>> judge(Group(answers=("4", "4", "5"))).verdict.rewards
        (1.5, 1.5, 0.5)
    """

    def __init__(self, rewards: Sequence[Weighted], kept: int | None = None, keep: str = "first") -> None:
        self._rewards = list(rewards)
        self._apart = [ApartReward(reward) if reward.own else None for reward, _ in rewards]
        self._names = short_names([reward.name for reward, _ in rewards])
        self._kept, self._rule = kept, KEEP_RULES[keep]

    @property
    def fields(self) -> frozenset[str]:
        """The fields of a group that any of the rewards looks at."""
        return frozenset(name for reward, _ in self._rewards for name in reward.reward.fields)

    @property
    def late(self) -> bool:
        """Whether one of the rewards waits for entropies."""
        return any(reward.reward.late for reward, _ in self._rewards)

    def __call__(self, group: Group, where: str = "a group", carried: Sequence[int] | None = None) -> Judgement:
        """Judge a group by the rewards that do not wait for entropies; one of which nothing can be kept is skipped.

        Args:
            group: with the fields filled that the rewards look at.
            where: the prompt, for the message of an error.
            carried: the places that can be kept, where the others have left their tokens behind; ``None`` for all.

        Raises:
            RewardError: a reward raised, ran past its limits, returned what is no verdict, or keeps a response that
                cannot be kept.
        """
        verdict, means = self._sum(group, where, late=False)
        keep = self._keep(verdict, group, carried)
        if carried is not None and (gone := {*keep}.difference(carried)):
            raise RewardError(
                f"a reward keeps response {min(gone)} of {where}, which only voted: its tokens are gone; name the "
                "reward in REWARD_FNS with keeps=True"
            )
        skip = verdict.skip or (carried is not None and not keep)
        return Judgement(Verdict(verdict.rewards, verdict.weight, keep, skip, verdict.token_weights), means)

    def again(self, judged: Judgement, group: Group, where: str = "a group") -> Judgement:
        """Add what the rewards say that waited for entropies; what is kept stays, and a skip is a weight of 0.

        Args:
            judged: as the group was judged at the vote.
            group: the same, with the entropies of what is kept.
            where: the prompt, for the message of an error.

        Raises:
            RewardError: as before.
        """
        late, means = self._sum(group, where, late=True)
        both = weighted_sum([1.0, 1.0], [judged.verdict, late])
        weight = 0.0 if late.skip else both.weight
        early = judged.verdict
        verdict = Verdict(both.rewards, weight, early.keep, early.skip, both.token_weights)
        return Judgement(verdict, judged.means | means)

    def _sum(self, group: Group, where: str, *, late: bool) -> tuple[Verdict, dict[str, float]]:
        """Return the sum of the rewards of one of the two stages, and the mean of each."""
        parts, weights, means = [], [], {}
        for (reward, weight), apart, name in zip(self._rewards, self._apart, self._names, strict=True):
            if reward.reward.late != late:
                continue
            try:
                _filled(group, reward)
                seen = apart(group, self._kept) if apart else checked(reward(group), group, self._kept)
            except Exception as error:
                said = str(error) if isinstance(error, ValueError) else reason(error, reward.origin)
                raise RewardError(f"the reward {reward.name} failed on {where}: {said}") from error
            parts.append(seen)
            weights.append(weight)
            means[name] = _mean(seen.rewards)
        return weighted_sum(weights, parts) if parts else Verdict((0.0,) * group.size), means

    def _keep(self, verdict: Verdict, group: Group, carried: Sequence[int] | None) -> tuple[int, ...]:
        if verdict.keep is not None:
            return tuple(verdict.keep)
        kept = group.size if self._kept is None else self._kept
        # Tokens are left behind under the rule `first` alone.
        return tuple(self._rule(group.answers, kept)) if carried is None else tuple(carried[:kept])

    def close(self) -> None:
        """End the processes of users' rewards."""
        for apart in self._apart:
            if apart is not None:
                apart.close()


def weighted_sum(weights: Sequence[float], parts: Sequence[Verdict]) -> Verdict:
    """Return several verdicts on one group as one; see ``Judge``.

    Example:
        >>> weighted_sum([1.0, 0.5], [Verdict((1.0, 0.0)), Verdict((0.0, 1.0), weight=0.5)])
        Verdict(rewards=(1.0, 0.5), weight=0.5, keep=None, skip=False, token_weights=None)
    """
    if len(parts) == 1 and weights[0] == 1.0:
        return parts[0]
    rewards = tuple(
        sum(weight * reward for weight, reward in zip(weights, row, strict=True))
        for row in zip(*(part.rewards for part in parts), strict=True)
    )
    weight, tokens = 1.0, None
    for part in parts:
        weight *= part.weight
        if part.token_weights is not None:
            tokens = part.token_weights if tokens is None else _product(tokens, part.token_weights)
    keep = next((part.keep for part in parts if part.keep is not None), None)
    return Verdict(rewards, weight, keep, any(part.skip for part in parts), tokens)


def short_names(names: Sequence[str]) -> list[str]:
    """Return names that stand in a metric's: ``mine.py:short`` is ``mine.short``. Two alike are numbered.

    Example:
        >>> short_names(["majority_vote", "/home/me/mine.py:short", "pkg://mine.votes:short", "oracle", "oracle"])
        ['majority_vote', 'mine.short', 'mine.votes.short', 'oracle', 'oracle.2']
    """
    found: list[str] = []
    for name in names:
        place, _, function = name.removeprefix("pkg://").rpartition(":")
        place = Path(place).stem if is_path(name) else place
        short = f"{place}.{function}" if place else function
        again = sum(known == short or known.startswith(f"{short}.") for known in found)
        found.append(f"{short}.{again + 1}" if short in found else short)
    return found


def rewards_title(name: str, rewards: Sequence[Mapping[str, Any]] | None) -> str:
    """Return what a run's reward is called.

    Args:
        name: ``reward.reward_manager.name``.
        rewards: ``ttrl.rewards``, which go before it.

    Example:
        >>> rewards_title("majority_vote", [{"name": "majority_vote"}, {"name": "mine.py:short", "weight": 0.1}])
        'majority_vote + 0.1 mine.py:short'
    """
    if not rewards:
        return name
    weights = [f"{entry.get('weight', 1.0):g} " for entry in rewards]
    shown = [("" if weight == "1 " else weight) + entry["name"] for weight, entry in zip(weights, rewards, strict=True)]
    return " + ".join(shown)


def _filled(group: Group, reward: BoundReward) -> None:
    """Check that nothing that the reward needs is missing."""
    for name in reward.reward.needs:
        if getattr(group, name) is None:
            raise ValueError(f"it needs {name}, which this group does not have")


def _product(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(a * b for a, b in zip(*rows, strict=True)) for rows in zip(left, right, strict=True))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
