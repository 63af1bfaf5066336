"""What a model votes on each question of a file, from a validation pass or from the votes on record."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttrl_verl.evaluation.figures import by_origin, read_groups
from ttrl_verl.reward_fns.vote import take_vote


@dataclass(frozen=True, slots=True)
class QuestionVotes:
    """The answers to one question, in sampling order; ``None`` stands for a response without one.

    Attributes:
        origin: the question's file and row, as `read_questions` names it.
        answers: canonical.
        data_source: the name of the questions it belongs to.
        label: the ground truth as its file has it, where it has one.
    """

    origin: str
    answers: tuple[str | None, ...]
    data_source: str
    label: str | None = None

    @property
    def answer(self) -> str | None:
        """The most frequent answer, the one sampled first of several; ``None`` where no response has one."""
        return take_vote(self.answers).label

    @property
    def majority_ratio(self) -> float:
        """Votes for the answer / responses."""
        return take_vote(self.answers).majority_ratio

    def counts(self) -> dict[str, int]:
        """Return the votes of each answer, the most frequent first, of equals the one sampled first.

        Example:
            >>> QuestionVotes("q.jsonl:1", ("4", "5", None, "4"), "q").counts()
            {'4': 2, '5': 1}
        """
        return dict(Counter(answer for answer in self.answers if answer is not None).most_common())


def of_validation(path: Path) -> dict[str, QuestionVotes]:
    """Return the votes of a validation pass by the question's origin; greedy responses are left out.

    Args:
        path: verl's dump of it, ``<step>.jsonl``.

    Raises:
        InputError: the file cannot be read, or a line of it is no response.
    """
    return {
        origin: QuestionVotes(origin, tuple(row["answer"] for row in rows), source, rows[0]["gts"])
        for origin, (source, rows) in by_origin(read_groups(path)).items()
    }


def of_record(visits: Iterable[Mapping[str, Any]]) -> dict[str, QuestionVotes]:
    """Return the votes of each question's first visit, from the rows of a run's audit in order of their steps.

    Each visit is answered from the model as it is before the step adapts it, so the first one is an answer to a
    question that the model was not adapted to.
    """
    found: dict[str, QuestionVotes] = {}
    for row in visits:
        if row["origin"] not in found:
            label = row.get("label")
            found[row["origin"]] = QuestionVotes(row["origin"], tuple(row["answers"]), row["data_source"], label)
    return found
