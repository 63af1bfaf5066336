"""What a validation pass says: accuracy by question, with standard errors, from the responses that verl wrote down."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttrl_verl.errors import InputError
from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.answers.row_type import of_row
from ttrl_verl.reward_fns.vote import take_vote

GREEDY = "/greedy"
"""What follows a data source's name where its questions are answered greedily, beside the sampled answers."""

_KEYS = ("uid", "data_source", "answer", "gts")


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

    def less(self, other: "Mean") -> "Mean":
        """Return the difference to the mean of another sample.

        Example:
            >>> Mean(0.9, 0.3).less(Mean(0.5, 0.4))
            Mean(value=0.4, error=0.5)
        """
        errors = (self.error, other.error)
        return Mean(self.value - other.value, None if None in errors else math.hypot(*errors))

    def __str__(self) -> str:
        return f"{self.value:.3f}" if self.error is None else f"{self.value:.3f} ± {self.error:.3f}"


def shown(mean: Mean | None) -> str:
    """Return a mean as a table's cell: a dash where there is none."""
    return "-" if mean is None else str(mean)


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
        labelled: how many of the questions have a label; accuracy is over these.
    """

    questions: int
    samples: int
    avg: Mean | None
    maj: Mean | None
    greedy: Mean | None
    parsed_accuracy: float | None
    majority_ratio: Mean
    unparsed: float
    labelled: int


def read_figures(path: Path, answer_type: AnswerType) -> dict[str, Figures]:
    """Return the figures of each data source of a validation pass.

    Args:
        path: ``<step>.jsonl`` of ``trainer.validation_data_dir``.
        answer_type: the run's.
    """
    sources = read_groups(path)
    figures = {}
    for source, questions in sources.items():
        if not source.endswith(GREEDY):
            greedy = sources.get(source + GREEDY, {})
            figures[source] = figures_of(list(questions.values()), list(greedy.values()), answer_type)
    return figures


def read_groups(path: Path) -> dict[str, dict[str, list[dict]]]:
    """Return a validation pass as verl wrote it: by data source, then by question, the responses in sampling order.

    Raises:
        InputError: the file cannot be read, is empty, or a line is no response of a validation pass.
    """
    sources: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                row = _response(line, f"{path}:{number}")
                sources[row["data_source"]][row["uid"].split("_")[0]].append(row)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not sources:
        raise InputError(f"{path}: is empty; expected the responses of a validation pass, one a line")
    # verl writes responses as they finish, so that the first one's source is a matter of chance.
    return {source: dict(sources[source]) for source in sorted(sources)}


def _response(line: str, where: str) -> dict:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: is no line of JSON: {error}") from error
    missing = [key for key in _KEYS if not isinstance(row, dict) or key not in row]
    if missing:
        raise InputError(
            f"{where}: lacks {', '.join(missing)}; expected a response as a run of this package validates it"
        )
    texts = {key: row[key] for key in ("uid", "data_source")}
    texts |= {key: row[key] for key in ("answer", "gts") if row[key] is not None}
    wrong = next((key for key, value in texts.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise InputError(f"{where}: {wrong} is {type(row[wrong]).__name__}; expected text")
    if row["gts"] is not None and not isinstance(row.get("acc"), int | float):
        raise InputError(f"{where}: has a label (gts) and no accuracy (acc); expected 1.0 or 0.0")
    return row


def figures_of(sampled: list[list[dict]], greedy: list[list[dict]], answer_type: AnswerType) -> Figures:
    """Return the figures of a data source: the sampled responses of each question, and the greedy one."""
    votes = [take_vote([row["answer"] for row in rows]) for rows in sampled]
    rows = [row for question in sampled for row in question]
    labelled = [(question, vote) for question, vote in zip(sampled, votes, strict=True) if is_labelled(question)]
    avg = maj = parsed_accuracy = None
    if labelled:
        avg = Mean.of([sum(row["acc"] for row in question) / len(question) for question, _ in labelled])
        labels = [canonical_label(question, answer_type) for question, _ in labelled]
        maj = Mean.of(
            [
                float(vote.label is not None and vote.label == label)
                for (_, vote), label in zip(labelled, labels, strict=True)
            ]
        )
        parsed = [row["acc"] for question, _ in labelled for row in question if row["answer"] is not None]
        parsed_accuracy = sum(parsed) / len(parsed) if parsed else None
    greedily = [question[0]["acc"] for question in greedy if is_labelled(question)]
    return Figures(
        questions=len(sampled),
        samples=max(len(question) for question in sampled),
        avg=avg,
        maj=maj,
        greedy=Mean.of(greedily) if greedily else None,
        parsed_accuracy=parsed_accuracy,
        majority_ratio=Mean.of([vote.majority_ratio for vote in votes]),
        unparsed=sum(row["answer"] is None for row in rows) / len(rows),
        labelled=len(labelled),
    )


def paired_changes(before: Path, after: Path) -> dict[str, Mean]:
    """Return how the accuracy of a question's sampled responses changed: the mean over questions, by data source.

    Each question is held against itself, so the standard error is that of the change, without what questions differ in
    from the start. Questions without a label, or that are in one pass alone, are left out.

    Args:
        before, after: two validation passes of one run.

    Raises:
        InputError: as ``read_groups``.
    """
    old, new = (_accuracies(path) for path in (before, after))
    changes: dict[str, list[float]] = defaultdict(list)
    for (source, origin), accuracy in old.items():
        if (source, origin) in new:
            changes[source].append(new[source, origin] - accuracy)
    return {source: Mean.of(values) for source, values in changes.items()}


def by_origin(sources: Mapping[str, Mapping[str, list[dict]]]) -> dict[str, tuple[str, list[dict]]]:
    """Return a pass's sampled responses by where their question stands, ``file:line``, with their data source.

    Greedy responses are left out, and those of older runs, which did not write where a question stands.
    """
    return {
        rows[0]["origin"]: (source, rows)
        for source, questions in sources.items()
        if not source.endswith(GREEDY)
        for rows in questions.values()
        if isinstance(rows[0].get("origin"), str)
    }


def _accuracies(path: Path) -> dict[tuple[str, str], float]:
    """Return the mean accuracy of each labelled question, by data source and by where it stands."""
    return {
        (source, origin): sum(row["acc"] for row in rows) / len(rows)
        for origin, (source, rows) in by_origin(read_groups(path)).items()
        if is_labelled(rows)
    }


def canonical_label(question: Sequence[Mapping], answer_type: AnswerType) -> str | None:
    """Return a question's ground truth in canonical form: of the type that its row names, else of the run's.

    Args:
        question: its responses, as verl dumped them; those of older runs name no type.
        answer_type: the run's.
    """
    return of_row(question[0].get("answer_type") or None, answer_type).canonicalize(question[0]["gts"])


def is_labelled(question: Sequence[dict]) -> bool:
    """Return whether a question's responses were scored against a label."""
    return question[0]["gts"] is not None
