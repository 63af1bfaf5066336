"""A frozen model's votes on the training questions, ``ttrl.prior``: what a reward sees as ``prior``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ttrl_verl.config import TTRLConfig
from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.questions.read import as_list
from ttrl_verl.record.votes_file import QuestionVotes, Source, read_votes

_COUNTED_BY = ("answer_type", "choices", "last_number")
"""The settings by which an answer is found and brought to one form: where they differ, equal answers are not equal."""


class Prior:
    """Votes by the row of the question's file.

    Args:
        votes: one a row, in the order of the file.
        source: what they are of.
    """

    def __init__(self, votes: Sequence[QuestionVotes], source: Source) -> None:
        # The file of votes may name the questions' file by another path; the digest says that it is the same.
        self._votes = {_row(one.origin): one for one in votes}
        self._source = source

    @property
    def said(self) -> str:
        """What the votes are of, for a line."""
        model = (self._source.model_sha256 or "no digest")[:12]
        return f"votes of {self._source.model} ({model}) on {len(self._votes)} questions"

    def shares(self, origin: str) -> dict[str, float]:
        """Return the share of votes of each answer, the most frequent first; empty where no response had one.

        Args:
            origin: ``file:row`` of the question.

        Example:
            >>> votes = [QuestionVotes("q.jsonl:1", ("4", "5", None, "4"), "q")]
            >>> Prior(votes, Source("m", None, "q.jsonl", "ab", {})).shares("elsewhere/q.jsonl:1")
            {'4': 0.5, '5': 0.25}
        """
        votes = self._votes[_row(origin)]
        return {answer: count / len(votes.answers) for answer, count in votes.counts().items()}

    def label(self, origin: str | None) -> str | None:
        """Return the most frequent answer; ``None`` where there is none, or nobody knows which question it was."""
        return None if origin is None else self._votes[_row(origin)].answer


def load_prior(ttrl: TTRLConfig, train_files: Any) -> Prior:
    """Return the votes that ``ttrl.prior`` names.

    Args:
        ttrl: the section.
        train_files: ``data.train_files``.

    Raises:
        InputError: the file cannot be read, its votes are on other questions, or its answers were found by other
            settings than this run's.
    """
    files = [Path(name).expanduser() for name in as_list(train_files)]
    if len(files) != 1:
        raise InputError(f"ttrl.prior: data.train_files are {len(files)} files; votes are on one")
    try:
        digest = sha256(files[0])
    except OSError as error:
        raise InputError(f"{files[0]}: cannot be read: {error.strerror}") from error
    path = Path(ttrl.prior or "").expanduser()
    votes, source = read_votes(path, digest)
    for key in _COUNTED_BY:
        then, now = source.settings.get(key), getattr(ttrl, key)
        unused = (key == "choices" and ttrl.answer_type != "choice") or key not in source.settings
        if then != now and not unused:
            raise InputError(f"{path}: its answers were found with ttrl.{key} {then!r}; this run has {now!r}")
    return Prior(votes, source)


def _row(origin: str) -> str:
    return origin.rpartition(":")[2]
