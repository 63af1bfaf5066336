"""``VOTES.parquet``: what a model votes on a file of questions, and from what it voted.

One row a question, in the order of the file. The model, the questions and the settings stand in the file's metadata, so
that votes on other questions, or by another model, are not taken for these.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.errors import InputError
from ttrl_verl.files import whole_file
from ttrl_verl.printable import first_line
from ttrl_verl.reward_fns.vote import answer_entropy, take_vote

FORMAT = 1
"""The version of the file. A reader refuses any other."""

SCHEMA = pa.schema(
    [
        # The question's place in its file, from 0, and where that is: file:row.
        ("index", pa.int64()),
        ("origin", pa.string()),
        ("data_source", pa.string()),
        # Canonical, one a response in sampling order; null where a response has none.
        ("answers", pa.list_(pa.string())),
        ("answer", pa.string()),
        ("majority_ratio", pa.float64()),
        # Nats, over the answers that were found.
        ("answer_entropy", pa.float64()),
        ("unparsed", pa.int64()),
    ]
)
_KEY = b"ttrl_verl.votes"


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


@dataclass(frozen=True, slots=True)
class Source:
    """What the votes are of.

    Attributes:
        model: as it was named.
        model_sha256: of its folder; ``None`` for a hub id that is not on this machine.
        data: the questions' file.
        data_sha256: of that file.
        settings: what else decides the votes: the answer type, the number of responses, the sampling.
    """

    model: str
    model_sha256: str | None
    data: str
    data_sha256: str
    settings: Mapping[str, Any]


def write_votes(path: Path, votes: Iterable[QuestionVotes], source: Source) -> None:
    """Write votes, one row a question in the order given, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    rows = [
        {
            "index": index,
            "origin": one.origin,
            "data_source": one.data_source,
            "answers": list(one.answers),
            "answer": one.answer,
            "majority_ratio": one.majority_ratio,
            "answer_entropy": answer_entropy(one.answers),
            "unparsed": one.answers.count(None),
        }
        for index, one in enumerate(votes)
    ]
    said = json.dumps({"format": FORMAT, **asdict(source)}, sort_keys=True).encode()
    table = pa.Table.from_pylist(rows, schema=SCHEMA).replace_schema_metadata({_KEY: said})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as hidden:
            pq.write_table(table, hidden)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_votes(path: Path, data_sha256: str | None = None) -> tuple[list[QuestionVotes], Source]:
    """Return the votes of a file, in order, and what they are of.

    Args:
        path: the file.
        data_sha256: of the questions that the votes are wanted for.

    Raises:
        InputError: it cannot be read, is no file of votes, or its votes are on other questions.
    """
    try:
        table = pq.read_table(path)
        table.validate(full=True)  # text that is no UTF-8 would be found where it is first looked at
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read: {first_line(error)}") from error
    source = _source(path, (table.schema.metadata or {}).get(_KEY))
    if not table.schema.equals(SCHEMA):
        raise InputError(f"{path}: expected the columns {', '.join(SCHEMA.names)} (`ttrl-verl vote` writes them)")
    if data_sha256 is not None and source.data_sha256 != data_sha256:
        raise InputError(f"{path}: its votes are on other questions ({source.data}); expected votes on this run's file")
    rows = table.to_pylist()
    return [QuestionVotes(row["origin"], tuple(row["answers"]), row["data_source"]) for row in rows], source


def _source(path: Path, said: bytes | None) -> Source:
    try:
        values = json.loads(said or b"null")
        version = values.pop("format")
        if version != FORMAT:
            raise InputError(f"{path}: is of format {version!r}; this version reads format {FORMAT}")
        return Source(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: is no file of votes; expected one that `ttrl-verl vote` wrote") from error
