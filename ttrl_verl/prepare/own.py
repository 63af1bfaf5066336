"""One's own questions made ready: checked, without duplicates, split, labels graded against themselves.

Two passes, and neither holds the questions: the first reads, checks and writes them to a file of its own while it notes
16 bytes a question; the second leaves out duplicates and deals the rest to the two files. JSON alone is read at once.
"""

import hashlib
import json
import os
import tempfile
from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.prepare.ground_truth import SelfCheck
from ttrl_verl.prepare.write import SCHEMA, TYPED_SCHEMA, check_target, written_whole
from ttrl_verl.questions.read import Layout, iter_questions
from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.answers.row_type import columns_of

_NAMED = 20
_CHUNK = 10_000
_NO_LABEL = 0


@dataclass(slots=True)
class Counts:
    """What was read, and what became of it. ``--json`` prints these.

    Attributes:
        read: questions in the files.
        labelled: how many of them have a ground truth.
        bad_labels: ground truths that do not equal themselves; with ``--skip-bad`` their questions are left out.
        examples: the first of these, a line each.
        duplicates: questions that were there before, in any of the files.
        conflicting: how many of these have another ground truth than the first.
        written: questions in the file.
        heldout: questions in the held-out file.
        typed: questions that name an answer type of their own.
    """

    read: int = 0
    labelled: int = 0
    bad_labels: int = 0
    examples: list[str] = field(default_factory=list)
    duplicates: int = 0
    conflicting: int = 0
    written: int = 0
    heldout: int = 0
    typed: int = 0


@dataclass(frozen=True, slots=True)
class PreparedQuestions:
    """The files and the counts; ``heldout_file`` and its checksum are ``None`` where none was asked for."""

    file: str
    sha256: str
    heldout_file: str | None
    heldout_sha256: str | None
    answer_type: str
    counts: Counts


def prepare_questions(
    files: Sequence[Path],
    out: Path,
    *,
    layout: Layout,
    answer_type: AnswerType,
    dedupe: bool = True,
    holdout: float = 0.0,
    seed: int = 0,
    skip_bad: bool = False,
    force: bool = False,
) -> PreparedQuestions:
    """Write question files as one, or as one to adapt to and one to measure on.

    Two questions are the same where their messages are, but for white space. The split is drawn from the questions that
    differ, by ``seed``, whatever their order in the files: no question is in both, duplicates that are kept included.

    Args:
        files: parquet, JSON, JSONL or CSV.
        out: the parquet file to write; the held-out questions go beside it, to ``<out>_heldout.parquet``.
        layout: which columns hold what.
        answer_type: what labels are graded as.
        dedupe: leave out a question that was there before.
        holdout: the share of the questions that is held out, at least 0 and below 1.
        seed: of the split.
        skip_bad: leave out a question whose label does not equal itself, in place of refusing.
        force: write over files that are there.

    Raises:
        InputError: a file, a row or a label is not what was expected; nothing was written.
    """
    if not 0 <= holdout < 1:
        raise InputError(f"--holdout is {holdout}; expected at least 0 and less than 1")
    heldout_file = out.with_name(f"{out.stem}_heldout{out.suffix}") if holdout else None
    for target in filter(None, (out, heldout_file)):
        check_target(target, list(files), force)
    counts = Counts()
    with tempfile.TemporaryDirectory(prefix="ttrl-verl-") as folder:
        checked = Path(folder) / "checked.parquet"
        hashes, labels = _read(files, checked, layout, SelfCheck(answer_type), skip_bad, counts)
        keep, held = _deal(hashes, labels, dedupe, holdout, seed, counts)
        _write(checked, out, heldout_file, keep, held, TYPED_SCHEMA if counts.typed else SCHEMA)
    return PreparedQuestions(
        file=str(out),
        sha256=sha256(out),
        heldout_file=str(heldout_file) if heldout_file else None,
        heldout_sha256=sha256(heldout_file) if heldout_file else None,
        answer_type=answer_type.name,
        counts=counts,
    )


def _read(
    files: Sequence[Path], checked: Path, layout: Layout, check: SelfCheck, skip_bad: bool, counts: Counts
) -> tuple[np.ndarray, np.ndarray]:
    """Check every question, write the good ones to ``checked``, and return a hash of each and of its label."""
    hashes, labels = array("Q"), array("Q")
    with pq.ParquetWriter(checked, TYPED_SCHEMA) as writer:
        rows = (row for path in files for row in iter_questions(path, layout) if _is_good(row, check, counts))
        while chunk := list(islice(rows, _CHUNK)):
            for row in chunk:
                hashes.append(_hash(*(f"{m['role']} {' '.join(m['content'].split())}" for m in row["prompt"])))
                labels.append(
                    _NO_LABEL if row["label"] is None else _hash(check.canonical(row["label"], row["answer_type"]))
                )
                row["answer"] = row.pop("label")
                row["id"] = os.path.basename(row.pop("origin"))
                row["answer_type"], row["choices"] = columns_of(row["answer_type"])
                counts.typed += row["answer_type"] is not None
            writer.write_batch(pa.RecordBatch.from_pylist(chunk, schema=TYPED_SCHEMA))
    if counts.bad_labels and not skip_bad:
        more = f"; and {counts.bad_labels - len(counts.examples)} more" if counts.bad_labels > _NAMED else ""
        raise InputError(
            f"{counts.bad_labels} of {counts.labelled} ground truths do not equal themselves (--answer-type; "
            f"--skip-bad leaves these questions out): {'; '.join(counts.examples)}{more}"
        )
    if not hashes:
        raise InputError("no question is left to write: no ground truth equals itself (--answer-type)")
    return np.frombuffer(hashes, np.uint64), np.frombuffer(labels, np.uint64)


def _is_good(row: dict, check: SelfCheck, counts: Counts) -> bool:
    counts.read += 1
    if row["images"]:
        raise InputError(
            f"{row['origin']}: has images; expected text alone (`ttrl-verl prepare images` asks about images)"
        )
    if row["label"] is None:
        return True
    counts.labelled += 1
    wrong = check(row["label"], row["answer_type"])
    if wrong is None:
        return True
    counts.bad_labels += 1
    if len(counts.examples) < _NAMED:
        counts.examples.append(f"{row['origin']}: {row['label']!r:.60} {wrong}")
    return False


def _hash(*texts: str) -> int:
    """Return 64 bits of a list of texts: among a million questions, two meet by chance once in 37 million times."""
    whole = json.dumps(texts).encode()
    return int.from_bytes(hashlib.blake2b(whole, digest_size=8).digest()) or 1


def _deal(
    hashes: np.ndarray, labels: np.ndarray, dedupe: bool, holdout: float, seed: int, counts: Counts
) -> tuple[np.ndarray, np.ndarray]:
    """Return which questions are kept, and which are held out: a bit a question."""
    distinct, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    is_first = np.zeros(len(hashes), bool)
    is_first[first] = True
    counts.duplicates = int((~is_first).sum())
    counts.conflicting = int((~is_first & (labels != labels[first][which])).sum())
    keep = is_first if dedupe else np.ones(len(hashes), bool)
    size = round(holdout * len(distinct))
    if holdout and not 0 < size < len(distinct):
        raise InputError(
            f"--holdout {holdout} of {len(distinct)} questions is {size}; expected at least one on either side"
        )
    chosen = np.zeros(len(distinct), bool)
    chosen[np.random.default_rng(seed).choice(len(distinct), size=size, replace=False)] = True
    held = chosen[which]
    counts.written, counts.heldout = int((keep & ~held).sum()), int((keep & held).sum())
    return keep, held


def _write(
    checked: Path, out: Path, heldout_file: Path | None, keep: np.ndarray, held: np.ndarray, schema: pa.Schema
) -> None:
    with ExitStack() as stack:
        writer = stack.enter_context(written_whole(out, schema))
        heldout = stack.enter_context(written_whole(heldout_file, schema)) if heldout_file else None
        start = 0
        for batch in pq.ParquetFile(checked).iter_batches(columns=schema.names):
            end = start + batch.num_rows
            writer.write_batch(batch.filter(pa.array(keep[start:end] & ~held[start:end])))
            if heldout is not None:
                heldout.write_batch(_renamed(batch.filter(pa.array(keep[start:end] & held[start:end]))))
            start = end


def _renamed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return held-out questions under a data source of their own, so that a validation tells the two apart."""
    names = [f"{name}_heldout" for name in batch.column("data_source").to_pylist()]
    return batch.set_column(batch.schema.get_field_index("data_source"), "data_source", pa.array(names, pa.string()))
