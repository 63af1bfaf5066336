"""What a model votes on each question of a file, from a validation pass or from the votes on record."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import by_origin, read_groups
from ttrl_verl.record.votes_file import QuestionVotes


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


def whole_validation(path: Path, asked: Iterable[str], votes: int) -> dict[str, QuestionVotes] | None:
    """Return the votes of a validation pass, or ``None`` where a question lacks some: a kill may have cut verl's dump.

    Args:
        path: verl's dump.
        asked: the questions' origins.
        votes: a question.
    """
    try:
        found = of_validation(path)
    except InputError:
        return None
    whole = all(origin in found and len(found[origin].answers) >= votes for origin in asked)
    return found if whole else None


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
