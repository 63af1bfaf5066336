"""What a validation pass says: accuracy by question, with standard errors, from the responses that verl wrote down."""

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reward_fns.answers import AnswerType
from reward_fns.vote import majority_vote

GREEDY = "/greedy"


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over questions and its standard error, sd / sqrt(n); the error is ``None`` where n is 1."""

    value: float
    error: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> "Mean":
        """Return the mean of at least one value.

        Example:
            >>> Mean.of([0.0, 1.0])
            Mean(value=0.5, error=0.5)
        """
        mean = sum(values) / len(values)
        if len(values) == 1:
            return cls(mean, None)
        variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
        return cls(mean, math.sqrt(variance / len(values)))

    def __str__(self) -> str:
        return f"{self.value:.3f}" if self.error is None else f"{self.value:.3f} ± {self.error:.3f}"


@dataclass(frozen=True, slots=True)
class Figures:
    """One data source at one step.

    Attributes:
        questions: how many.
        samples: responses a question, n of avg@n and maj@n.
        avg: mean accuracy of the sampled responses; ``None`` without labels, as for the next two.
        maj: accuracy of their majority vote.
        greedy: accuracy of the greedy response.
        parsed_accuracy: accuracy among the sampled responses that have an answer.
        majority_ratio: votes for the pseudo-label / n.
        unparsed: share of sampled responses without an answer.
    """

    questions: int
    samples: int
    avg: Mean | None
    maj: Mean | None
    greedy: Mean | None
    parsed_accuracy: float | None
    majority_ratio: Mean
    unparsed: float


def read_figures(path: Path, answer_type: AnswerType) -> dict[str, Figures]:
    """Return the figures of each data source of a validation pass.

    Args:
        path: ``<step>.jsonl`` of ``trainer.validation_data_dir``.
        answer_type: the run's.
    """
    sources: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            sources[row["data_source"]][row["uid"].split("_")[0]].append(row)
    figures = {}
    for source, questions in sources.items():
        if not source.endswith(GREEDY):
            greedy = sources.get(source + GREEDY, {})
            figures[source] = _figures(list(questions.values()), list(greedy.values()), answer_type)
    return figures


def _figures(sampled: list[list[dict]], greedy: list[list[dict]], answer_type: AnswerType) -> Figures:
    votes = [majority_vote([row["answer"] for row in rows]) for rows in sampled]
    rows = [row for question in sampled for row in question]
    avg = maj = parsed_accuracy = None
    if all(row["gts"] is not None for row in rows):
        labels = [answer_type.canonicalize(question[0]["gts"]) for question in sampled]
        avg = Mean.of([sum(row["acc"] for row in question) / len(question) for question in sampled])
        maj = Mean.of(
            [float(vote.label is not None and vote.label == label) for vote, label in zip(votes, labels, strict=True)]
        )
        parsed = [row["acc"] for row in rows if row["answer"] is not None]
        parsed_accuracy = sum(parsed) / len(parsed) if parsed else None
    return Figures(
        questions=len(sampled),
        samples=len(sampled[0]),
        avg=avg,
        maj=maj,
        greedy=Mean.of([question[0]["acc"] for question in greedy]) if greedy and avg is not None else None,
        parsed_accuracy=parsed_accuracy,
        majority_ratio=Mean.of([vote.majority_ratio for vote in votes]),
        unparsed=sum(row["answer"] is None for row in rows) / len(rows),
    )
