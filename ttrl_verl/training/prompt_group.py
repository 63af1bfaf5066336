"""The responses to one prompt, and what a step says of them: its metrics, and the row that goes on record.

Plain Python: what knows TransferQueue is ``queue_rows``, what knows verl ``group_stage``.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.judge import Judgement
from ttrl_verl.reward_fns.metrics import check_metrics, label_metrics, top_answer_share, vote_metrics
from ttrl_verl.reward_fns.second_views import label_by_view
from ttrl_verl.reward_fns.verdict import Verdict
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers, take_vote

Weight = float | list[float]
"""What an advantage is multiplied by: a number, or one a token."""

UNKNOWN = -1
"""The index of a prompt of which no response came, where verl's own workers ran it: nothing is left to tell."""


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """The responses to one prompt that reached the buffer; none, where all failed.

    Attributes:
        uid: the prompt's id in TransferQueue, new at every visit.
        index: the row's ``extra_info.index``, or ``UNKNOWN``.
        origin: where the row came from, ``file:line``.
        lengths: of each response, in tokens, in sampling order.
        truncated: how many responses were cut off at a length limit.
        limited: how many answers ran past a grading limit.
        sessions: the keys of each response in TransferQueue, in sampling order. An agent loop with several outputs has
            several keys a response; the last one is graded.
        group: what the reward function sees.
        check_failures: why the check had no word, of each response on which it failed.
        carried: the places whose tokens are in TransferQueue; ``None`` for all. The others only voted.
        cut: how many votes were not asked, or cancelled, because the vote had ended: see ``ballot``.
        tokens_saved: an estimate of the tokens that these would still have been.
    """

    uid: str
    index: int
    origin: str | None
    lengths: tuple[int, ...]
    truncated: float
    limited: float
    sessions: tuple[tuple[str, ...], ...]
    group: Group
    check_failures: tuple[str, ...] = ()
    carried: tuple[int, ...] | None = None
    cut: int = 0
    tokens_saved: int = 0

    @classmethod
    def silent(cls, uid: str, index: int) -> "PromptGroup":
        """Return the group of a prompt of which no response came."""
        return cls(uid, index, origin=None, lengths=(), truncated=0, limited=0, sessions=(), group=Group(answers=()))

    @property
    def size(self) -> int:
        """How many responses came."""
        return self.group.size

    @property
    def trainable(self) -> tuple[int, ...]:
        """The places that can be trained on."""
        return tuple(range(self.size)) if self.carried is None else self.carried

    def missing(self, votes: int) -> int:
        """Return how many of the votes never came, though they were waited for."""
        return max(votes - self.cut - self.size, 0)


def uid_of(key: str) -> str:
    """Return the prompt's id of a response's key, ``{uid}_{session}_{output}``.

    Example:
        >>> uid_of("a_10_0")
        'a'
    """
    return key.rsplit("_", 2)[0]


def earns_nothing(group: PromptGroup, kept: int) -> Judgement:
    """Return the judgement of a group that does not vote: rewards of 0.0; where ``kept`` is 0, it is skipped, too."""
    keep = group.trainable[:kept]
    return Judgement(Verdict((0.0,) * group.size, keep=keep, skip=not keep))


def skipped(judged: Judgement) -> Judgement:
    """Return a judgement as that of a group which is not trained on."""
    return replace(judged, verdict=replace(judged.verdict, skip=True))


def sessions_by_prompt(keys: Sequence[str]) -> list[tuple[tuple[str, ...], ...]]:
    """Return, for each prompt, the keys of each of its responses, in sampling order.

    Args:
        keys: ``{uid}_{session}_{output}``, in any order.

    Example:
        >>> sessions_by_prompt(["a_10_0", "a_2_1", "b_0_0", "a_2_0"])
        [(('a_2_0', 'a_2_1'), ('a_10_0',)), (('b_0_0',),)]
    """
    prompts: dict[str, dict[int, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        uid, session, output = key.rsplit("_", 2)
        prompts[uid][int(session)].append((int(output), key))
    return [
        tuple(tuple(key for _, key in sorted(outputs)) for _, outputs in sorted(sessions.items()))
        for sessions in prompts.values()
    ]


def step_metrics(
    groups: Sequence[PromptGroup],
    judged: Sequence[Judgement],
    label_of: Callable[[int], str | None],
) -> dict[str, float]:
    """Return a step's metrics, means over its groups.

    Args:
        groups: the step's, of each of which a response came.
        judged: what each earned, and which responses are trained on.
        label_of: the canonical ground truth of a row, by its index, or ``None``.
    """
    values: dict[str, list[float]] = defaultdict(list)
    for group, judgement in zip(groups, judged, strict=True):
        group_rewards, kept = judgement.verdict.rewards, judgement.verdict.keep
        metrics = vote_metrics(group.group, group_rewards, kept)
        metrics["skipped"] = float(judgement.verdict.skip)
        metrics |= {f"reward/{name}": mean for name, mean in judgement.means.items() if len(judgement.means) > 1}
        if group.group.checks is not None:
            metrics |= check_metrics(group.group, len(group.check_failures))
        metrics["truncated_ratio"] = group.truncated / group.size
        metrics["limited_ratio"] = group.limited / group.size
        label = label_of(group.index)
        if label is not None:
            metrics |= label_metrics(group.group, group_rewards, label, kept)
            if group.group.views is not None:
                labels = label_by_view(group.group)
                metrics |= {f"view_{view}/label_accuracy": float(own == label) for view, own in labels.items()}
        for name, value in metrics.items():
            values[f"ttrl/{name}"].append(value)
    means = {name: sum(of_groups) / len(of_groups) for name, of_groups in values.items()}
    means["ttrl/top_answer_share"] = top_answer_share([group.group for group in groups])
    means["ttrl/votes"] = means["ttrl/votes_cast"] = float(sum(group.size for group in groups))
    means["ttrl/votes_cut"] = float(sum(group.cut for group in groups))
    means["ttrl/tokens_saved"] = float(sum(group.tokens_saved for group in groups))
    trained = [judgement for judgement in judged if not judgement.verdict.skip]
    means["ttrl/kept"] = float(sum(len(judgement.verdict.keep) for judgement in trained))
    means["ttrl/skipped"] = float(len(judged) - len(trained))
    return means


def rewards_and_weights(
    groups: Sequence[PromptGroup], judged: Sequence[Judgement]
) -> tuple[dict[str, float], dict[str, Weight]]:
    """Return the reward of each response that is trained on, by key, and what its advantage is multiplied by.

    verl cannot train on no response at all: where every prompt of a step is skipped, one response of the first stands
    in, with a weight of 0.

    Args:
        groups: the step's.
        judged: what each earned.

    Returns:
        The rewards; and the weights that are not 1, a number or one a token. An agent loop with several outputs has its
        response's reward on each of them, and the weights of tokens on the last, which was graded.
    """
    rewards: dict[str, float] = {}
    weights: dict[str, Weight] = {}
    for group, judgement in zip(groups, judged, strict=True):
        verdict = judgement.verdict
        for place in () if verdict.skip else verdict.keep:
            for key in group.sessions[place]:
                rewards[key] = verdict.rewards[place]
                if verdict.weight != 1.0:
                    weights[key] = verdict.weight
            if verdict.token_weights is not None:
                weights[group.sessions[place][-1]] = [verdict.weight * one for one in verdict.token_weights[place]]
    if not rewards and groups:
        stand_in = next(group.sessions[place][-1] for group in groups for place in group.trainable)
        rewards[stand_in], weights[stand_in] = 0.0, 0.0
    return rewards, weights


def with_entropies(group: PromptGroup, entropies: Mapping[str, Sequence[float]]) -> Group:
    """Return what the rewards see of a group once the entropies of its kept responses are known.

    Args:
        group: the responses.
        entropies: the entropy at each token of a response, nats, by its key; those that are not kept are not there. Of
            several outputs the last is looked at, which was graded.
    """
    tokens = [entropies.get(outputs[-1]) for outputs in group.sessions]
    means = tuple(None if row is None else sum(row) / len(row) for row in tokens)
    each = tuple(None if row is None else tuple(row) for row in tokens)
    return replace(group.group, entropies=means, token_entropies=each)


def audit_row(
    step: int,
    group: PromptGroup,
    judged: Judgement,
    *,
    votes: int,
    asked: tuple[str | None, str | None],
    prior_label: str | None = None,
) -> dict[str, Any]:
    """Return a group as the record has it, without its label.

    Args:
        step: the training step.
        group: the responses.
        judged: what they earned, and which are trained on.
        votes: how many responses were asked for.
        asked: the question's text and its data source.
        prior_label: the label of a frozen model's votes, where the run has such votes.
    """
    answers = group.group.answers
    vote = take_vote(answers)
    question, data_source = asked
    return {
        "step": step,
        "index": group.index,
        "uid": group.uid,
        "data_source": data_source,
        "origin": group.origin,
        "question": question,
        "answers": answers,
        "rewards": list(judged.verdict.rewards),
        "lengths": group.lengths,
        "kept": 0 if judged.verdict.skip else len(judged.verdict.keep),
        "places": list(judged.verdict.keep),
        "weight": 0.0 if judged.verdict.skip else judged.verdict.weight,
        "checks": group.group.checks,
        "missing": group.missing(votes),
        "cut": group.cut,
        "pseudo_label": vote.label,
        "prior_label": prior_label,
        "majority_ratio": vote.majority_ratio,
        "answer_entropy": answer_entropy(answers),
        "distinct_answers": len(count_answers(answers)),
        "unparsed": answers.count(None),
        "truncated": int(group.truncated),
        "limited": int(group.limited),
    }
