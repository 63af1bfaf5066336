"""The responses to one prompt, and what a step says of them: its metrics, and the row that goes on record.

Plain Python: what knows TransferQueue is ``queue_rows``, what knows verl ``group_stage``.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.metrics import label_metrics, top_answer_share, vote_metrics
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers, take_vote


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """The responses to one prompt that reached the buffer.

    Attributes:
        index: the row's ``extra_info.index``.
        origin: where the row came from, ``file:line``.
        lengths: of each response, in tokens, in sampling order.
        truncated: how many responses were cut off at a length limit.
        limited: how many answers ran past a grading limit.
        sessions: the keys of each response in TransferQueue, in sampling order. An agent loop with several outputs has
            several keys a response; the last one is graded.
        group: what the reward function sees.
    """

    index: int
    origin: str | None
    lengths: tuple[int, ...]
    truncated: float
    limited: float
    sessions: tuple[tuple[str, ...], ...]
    group: Group

    @property
    def uid(self) -> str:
        """The prompt's id in TransferQueue, new at every visit."""
        return self.sessions[0][0].rsplit("_", 2)[0]


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
    rewards: Sequence[Sequence[float]],
    kept: int,
    label_of: Callable[[int], str | None],
) -> dict[str, float]:
    """Return a step's metrics, means over its groups.

    Args:
        groups: the step's.
        rewards: of each group, one a response, in sampling order.
        kept: how many responses of a group are trained on.
        label_of: the canonical ground truth of a row, by its index, or ``None``.
    """
    values: dict[str, list[float]] = defaultdict(list)
    for group, group_rewards in zip(groups, rewards, strict=True):
        metrics = vote_metrics(group.group, group_rewards, kept)
        metrics["truncated_ratio"] = group.truncated / group.group.size
        metrics["limited_ratio"] = group.limited / group.group.size
        label = label_of(group.index)
        if label is not None:
            metrics |= label_metrics(group.group, group_rewards, label, kept)
        for name, value in metrics.items():
            values[f"ttrl/{name}"].append(value)
    means = {name: sum(of_groups) / len(of_groups) for name, of_groups in values.items()}
    means["ttrl/top_answer_share"] = top_answer_share([group.group for group in groups])
    means["ttrl/votes"] = float(sum(group.group.size for group in groups))
    means["ttrl/kept"] = float(sum(min(kept, group.group.size) for group in groups))
    return means


def audit_row(
    step: int,
    group: PromptGroup,
    rewards: Sequence[float],
    *,
    kept: int,
    votes: int,
    asked: tuple[str | None, str | None],
) -> dict[str, Any]:
    """Return a group as the record has it, without its label.

    Args:
        step: the training step.
        group: the responses.
        rewards: one a response, in sampling order.
        kept: how many responses of a group are trained on.
        votes: how many responses were asked for.
        asked: the question's text and its data source.
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
        "rewards": list(rewards),
        "lengths": group.lengths,
        "kept": min(kept, group.group.size),
        "missing": max(votes - group.group.size, 0),
        "pseudo_label": vote.label,
        "majority_ratio": vote.majority_ratio,
        "answer_entropy": answer_entropy(answers),
        "distinct_answers": len(count_answers(answers)),
        "unparsed": answers.count(None),
        "truncated": int(group.truncated),
        "limited": int(group.limited),
    }
