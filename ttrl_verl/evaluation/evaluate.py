"""A model's figures from the responses of a validation pass: avg@n, pass@k, maj@k, greedy, with standard errors.

Every mean is over questions, and its error is sd / sqrt(questions). avg@n is the share of right responses. pass@k is
the unbiased estimate. maj@n is the vote of the n as they were drawn; maj@k below n is the mean over every k of the n,
exactly (``estimators``): nothing is resampled, so there is no seed.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.estimators import MAX_MAJ_K, maj_at_k, pass_at_k
from ttrl_verl.evaluation.figures import (
    GREEDY,
    Figures,
    Mean,
    canonical_label,
    figures_of,
    is_labelled,
    read_groups,
)
from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.vote import take_vote

FORMAT = 1
"""The version of ``eval.json``."""

DEFAULT_K = (1, 4, 16)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One data source.

    Attributes:
        figures: as of any validation pass.
        fewest: responses of the question that has fewest; below ``figures.samples`` where some failed.
        pass_at: pass@k, by k; empty without labels, as the next.
        maj_at: maj@k, by k.
    """

    figures: Figures
    fewest: int
    pass_at: dict[int, Mean]
    maj_at: dict[int, Mean]

    def as_json(self, role: str | None) -> dict[str, Any]:
        """Return what ``eval.json`` holds of it: its role, the keys of ``Figures``, and those of this class.

        A mean is ``{"value", "error"}``; the error is null where there is one question.
        """
        by_k = {
            name: {str(k): dataclasses.asdict(mean) for k, mean in means.items()}
            for name, means in (("pass_at", self.pass_at), ("maj_at", self.maj_at))
        }
        return {"role": role, **dataclasses.asdict(self.figures), "fewest": self.fewest, **by_k}


def evaluate(path: Path, answer_type: AnswerType, ks: Sequence[int] | None = None) -> dict[str, Evaluation]:
    """Return the figures of each data source of a validation pass.

    Args:
        path: verl's dump of it, ``<step>.jsonl``.
        answer_type: the run's.
        ks: the k of pass@k and maj@k; by default n, and those of 1, 4 and 16 below it.

    Raises:
        InputError: the file is not what was expected, was graded as another answer type, or has fewer responses than k.
    """
    groups = read_groups(path)
    result = {}
    for source, questions in groups.items():
        if source.endswith(GREEDY):
            continue
        sampled = list(questions.values())
        _check_answer_type(path, sampled, answer_type)
        greedy = list(groups.get(source + GREEDY, {}).values())
        fewest = min(len(question) for question in sampled)
        chosen = _chosen_ks(ks, fewest, f"{path}: {source}")
        labelled = [question for question in sampled if is_labelled(question)]
        result[source] = Evaluation(
            figures_of(sampled, greedy, answer_type),
            fewest,
            pass_at={k: Mean.of([_pass(question, k) for question in labelled]) for k in chosen if labelled},
            maj_at={k: Mean.of([_maj(question, k, answer_type) for question in labelled]) for k in chosen if labelled},
        )
    if not result:
        raise InputError(f"{path}: holds greedy responses alone; expected sampled ones")
    return result


def check_ks(ks: Sequence[int], n: int) -> None:
    """Check the k of pass@k and maj@k.

    Raises:
        InputError: one is not 1 to n, or below n and larger than maj@k can be computed for.
    """
    for k in ks:
        if not 1 <= k <= n:
            raise InputError(f"--k has {k}; expected 1 to n, {n}")
        if MAX_MAJ_K < k < n:
            raise InputError(f"--k has {k}; expected at most {MAX_MAJ_K}, or n itself, {n}")


def _chosen_ks(ks: Sequence[int] | None, fewest: int, where: str) -> list[int]:
    if ks is None:
        return [*(k for k in DEFAULT_K if k < fewest), fewest]
    if max(ks) > fewest:
        raise InputError(f"{where} has a question with {fewest} responses; expected at least {max(ks)} for --k")
    check_ks(ks, fewest)
    return list(ks)


def _pass(question: Sequence[Mapping], k: int) -> float:
    return pass_at_k(len(question), round(sum(row["acc"] for row in question)), k)


def _maj(question: Sequence[Mapping], k: int, answer_type: AnswerType) -> float:
    label = canonical_label(question, answer_type)
    answers = [row["answer"] for row in question]
    if label is None:
        return 0.0
    if k == len(answers):
        # All of them: the order is known, and with it who wins a tie.
        return float(take_vote(answers).label == label)
    return maj_at_k(answers, label, k)


def _check_answer_type(path: Path, sampled: Sequence[Sequence[Mapping]], answer_type: AnswerType) -> None:
    """Check that the responses were graded as this type: a canonical answer means nothing under another."""
    for question in sampled:
        if not is_labelled(question):
            continue
        label = canonical_label(question, answer_type)
        for row in question:
            right = float(row["answer"] is not None and row["answer"] == label)
            if right != row["acc"]:
                raise InputError(
                    f"{path}: was not graded as {answer_type.name}: {row['answer']!r:.40} against the label "
                    f"{row['gts']!r:.40} has acc {row['acc']}; expected the run's --answer-type (and --choices)"
                )
