"""A benchmark written as a question file, every ground truth graded against itself first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.prepare.benchmarks import BENCHMARKS, Question, content_sha256, read_benchmark
from ttrl_verl.prepare.ground_truth import SelfCheck
from ttrl_verl.prepare.write import SCHEMA, check_target, suffix_text, written_whole
from ttrl_verl.reward_fns.answers import get_answer_type

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was written. ``--json`` prints these.

    Attributes:
        benchmark: its name; also the rows' ``data_source``, with the level where one was chosen.
        file: where it is.
        rows: questions written.
        skipped: what was left out, a line each.
        answer_type: how its answers are compared.
        sha256: of the file.
        content_sha256: of the questions and canonical answers; the same for every format of the source.
        content: ``as TTRL publishes it``, ``differs from TTRL's copy`` or ``no checksum to compare with``.
        suffix: what was appended to each question, or ``None``.
        source: the file or the hub id that it came from.
    """

    benchmark: str
    file: str
    rows: int
    skipped: list[str]
    answer_type: str
    sha256: str
    content_sha256: str
    content: str
    suffix: str | None
    source: str


def prepare_benchmark(
    name: str,
    *,
    source: Path | None = None,
    out: Path | None = None,
    level: int | None = None,
    suffix: str = "none",
    seed: int = 0,
    skip_bad: bool = False,
    force: bool = False,
) -> Prepared:
    """Write a benchmark as parquet.

    Args:
        name: one of ``BENCHMARKS``.
        source: a local copy; ``None`` for the hub.
        out: the file to write; ``data/<name>.parquet`` by default.
        level: of MATH-500.
        suffix: ``none``, ``boxed``, or text to append to each question.
        seed: of the order of options.
        skip_bad: leave out a question whose ground truth does not equal itself, in place of refusing.
        force: write over a file that is there.

    Raises:
        InputError: the source, a row or a ground truth is not what was expected; nothing was written.
    """
    data_source = name if level is None else f"{name}_l{level}"
    out = out or Path("data") / f"{data_source}.parquet"
    check_target(out, [source] if source else [], force)
    appended = suffix_text(suffix)
    benchmark = BENCHMARKS[name]
    questions = read_benchmark(name, source, level, seed)
    check = SelfCheck(get_answer_type(benchmark.answer_type))
    good, skipped = _graded(questions, check)
    if skipped and not skip_bad:
        named = "; ".join(skipped[:_NAMED])
        more = f"; and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        raise InputError(
            f"{len(skipped)} of {len(questions)} ground truths do not equal themselves (--skip-bad leaves these "
            f"questions out): {named}{more}"
        )
    if not good:
        raise InputError(f"{source or benchmark.hub}: no ground truth equals itself; nothing to write")
    # Of all that was read, so that it does not depend on --skip-bad.
    content = content_sha256((question.text, check.canonical(question.answer)) for question in questions)
    with written_whole(out) as writer:
        writer.write_table(pa.Table.from_pylist([_row(q, data_source, appended) for q in good], schema=SCHEMA))
    return Prepared(
        benchmark=data_source,
        file=str(out),
        rows=len(good),
        skipped=skipped,
        answer_type=benchmark.answer_type,
        sha256=sha256(out),
        content_sha256=content,
        content=_compared(content, benchmark.content if level is None else None),
        suffix=appended,
        source=str(source) if source else f"{benchmark.hub}@{benchmark.revision}",
    )


def _graded(questions: Sequence[Question], check: SelfCheck) -> tuple[list[Question], list[str]]:
    good, bad = [], []
    for question in questions:
        wrong = check(question.answer)
        if wrong is None:
            good.append(question)
        else:
            bad.append(f"{question.where}: {question.answer!r:.60} {wrong}")
    return good, bad


def _row(question: Question, data_source: str, suffix: str | None) -> dict:
    message = {"role": "user", "content": question.text + (suffix or "")}
    return {"data_source": data_source, "prompt": [message], "answer": question.answer, "id": question.id}


def _compared(content: str, known: str | None) -> str:
    if known is None:
        return "no checksum to compare with"
    return "as TTRL publishes it" if content == known else "differs from TTRL's copy"
