"""`ttrl-verl answer`: vote, adapt, vote again, and write a line a question. A killed command goes on where it was."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from rich.console import Console

from ttrl_verl.answering.lines import answer_line, chosen
from ttrl_verl.answering.out import check_out
from ttrl_verl.answering.plan import Plan, Wanted, plan
from ttrl_verl.answering.votes import of_record, of_validation, whole_validation
from ttrl_verl.errors import InputError
from ttrl_verl.files import whole_file
from ttrl_verl.launch import start_logged
from ttrl_verl.preflight.findings import findings, refuse
from ttrl_verl.record.layout import MANIFEST, STOP
from ttrl_verl.record.read import Run, open_run
from ttrl_verl.record.visits import read_histories
from ttrl_verl.record.votes_file import QuestionVotes
from ttrl_verl.report.progress import Progress
from ttrl_verl.report.verdict import read_verdict


@dataclass(frozen=True, slots=True)
class Votes:
    """What was voted on each question, by origin.

    Attributes:
        before: by the model as it was given.
        after: by the adapted model, or, in a stream, by the model as it was when the question came.
        collapsed: whether the run's own figures say that it collapsed.
    """

    before: Mapping[str, QuestionVotes]
    after: Mapping[str, QuestionVotes]
    collapsed: bool


def answer(wanted: Wanted, console: Console) -> int:
    """Answer the questions and return the exit status.

    Args:
        wanted: what is asked for.
        console: told what happens; verl's own output goes into the run's folder.

    Raises:
        InputError: something is not what was expected; nothing was started, and what is on disk is as it was.
    """
    check_out(wanted.out)
    planned = plan(wanted)
    last = last_votes(wanted, planned)
    if last is None:
        tell = partial(console.print, highlight=False, soft_wrap=True, markup=False)
        refuse(findings(planned.composed, planned.files, ask_hub=True), tell)
        if _train(wanted, planned, console) != 0:
            return 1
    lines = answer_lines(wanted, planned, last)
    write_lines(wanted.out, lines)
    _tell(lines, planned, console, wanted.stream)
    console.print(f"answers: {wanted.out}; the adapted model: `ttrl-verl export {wanted.folder} OUT`", markup=False)
    return 0


def answer_lines(
    wanted: Wanted, planned: Plan, last: Mapping[str, QuestionVotes] | None = None
) -> list[dict[str, Any]]:
    """Return a line for each question, those held back last.

    Args:
        wanted: what is asked for.
        planned: the run, which is over.
        last: its last votes, where somebody has read them before.

    Raises:
        InputError: a question was not answered. The message says which.
    """
    votes = read_votes(open_run(wanted.folder), stream=wanted.stream is not None, last=last)
    lines = []
    for name in dict.fromkeys([*planned.files.train, *planned.files.val]):
        adapted = name in planned.files.train
        for index, origin in enumerate(planned.files.table(name).column("origin").to_pylist()):
            if origin not in votes.before:
                raise InputError(f"{origin}: was not answered; {wanted.folder}/train.log says more")
            after = votes.after.get(origin)
            lines.append(answer_line(index, votes.before[origin], after, adapted=adapted, collapsed=votes.collapsed))
    return lines


def read_votes(run: Run, *, stream: bool = False, last: Mapping[str, QuestionVotes] | None = None) -> Votes:
    """Return what a run voted before and after.

    Args:
        run: its first validation is of the model as it was given.
        stream: take the answers of each question's first visit, in place of the last validation's.
        last: the votes of the last validation, where somebody has read them before: a dump holds every response.

    Raises:
        InputError: there is no validation of the untouched model.
    """
    passes = run.validations()
    if 0 not in passes:
        raise InputError(f"{run.folder}: has no validation of the untouched model (validation/0.jsonl)")
    step = max(passes)
    if last is None:
        last = of_validation(passes[step]) if step > 0 else {}
    after = dict(last)
    if stream:
        columns = ["step", "origin", "answers", "data_source", "label"]
        after |= of_record(run.audit(columns=columns).to_pylist())
    verdict = read_verdict(read_histories(run.audit()))
    return Votes(of_validation(passes[0]), after, verdict is not None and verdict.word == "collapsed")


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    """Write the answers, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as hidden:
            hidden.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def last_votes(wanted: Wanted, planned: Plan) -> dict[str, QuestionVotes] | None:
    """Return the votes of the last validation of a run that is over, of which only the answers were not written.

    Returns:
        Empty for a stream, whose votes are those of training, where nothing is held back; ``None`` where the run is
        not over.
    """
    if not (wanted.folder / MANIFEST).exists():
        return None
    run = open_run(wanted.folder)
    if wanted.stream is not None and wanted.hold is None:
        return {} if planned.steps in run.checkpoints() else None
    passes = run.validations()
    step = max(passes, default=0)
    if step < planned.steps:
        return None
    asked = chain.from_iterable(planned.files.table(name).column("origin").to_pylist() for name in planned.files.val)
    votes = planned.composed.values["actor_rollout_ref"]["rollout"]["val_kwargs"]["n"]
    return whole_validation(passes[step], asked, votes)


def _train(wanted: Wanted, planned: Plan, console: Console) -> int:
    wanted.folder.mkdir(parents=True, exist_ok=True)
    (wanted.folder / STOP).unlink(missing_ok=True)
    log = wanted.folder / "train.log"
    said = "going on" if (wanted.folder / MANIFEST).exists() else "adapting"
    console.print(
        f"{said} with verl and vLLM; their own output goes to {log}", highlight=False, soft_wrap=True, markup=False
    )
    budget = Budget(wanted.folder, wanted.seconds)
    with Progress(console, wanted.folder, log, planned.steps) as progress:

        def watch() -> None:
            progress.update()
            budget.update()

        status = start_logged(planned.composed, log, console, watch=watch).status
        progress.update()
    return status


class Budget:
    """Ends a run so that it keeps to a time: the step in flight, one more, the last votes and the checkpoint are in it.

    Args:
        folder: the run's.
        seconds: from now to the end of the run; ``None`` for no bound.
    """

    def __init__(self, folder: Path, seconds: float | None) -> None:
        self._folder, self._seconds = folder, seconds
        self._started = time.monotonic()
        self._files = folder / "validation"
        self._up: float | None = None
        self._measured: float | None = None
        self._steps: dict[int, float] = {}

    def update(self) -> None:
        """Ask the run to end, where what is left of the time is what ending takes."""
        if self._seconds is None:
            return
        now = time.monotonic() - self._started
        steps = len(list((self._folder / "audit").glob("step_*.parquet")))
        if self._measured is None and (self._files / "0.jsonl").exists():
            self._measured = now
        if steps not in self._steps:
            self._steps[steps] = now
        if self._measured is not None and now + self._ending(now) >= self._seconds:
            (self._folder / STOP).touch()

    def _ending(self, now: float) -> float:
        """Return the seconds that ending takes: two steps, and votes as long as the first ones at the most."""
        times = sorted(self._steps.values())
        step = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
        return 2 * step + (self._measured or now) / 2


def _tell(lines: list[dict[str, Any]], planned: Plan, console: Console, stream: int | None) -> None:
    """Print what came of it: how surely it was answered, and, where there are labels, how many answers are right."""
    for adapted, what in ((True, "adapted to"), (False, "held back")):
        part = [line for line in lines if line["adapted"] is adapted]
        if part:
            console.print(summary(part, what), highlight=False, soft_wrap=True, markup=False)
            said = accuracy(part, planned)
            if stream is not None and adapted:
                said += over_time(part, _labels(planned), stream)
            for sentence in said:
                console.print(sentence, highlight=False, soft_wrap=True, markup=False)


def summary(lines: list[dict[str, Any]], what: str) -> str:
    """Return how surely questions were answered, in a sentence."""
    before, after = (
        sum(line[key] for line in lines) / len(lines) for key in ("majority_ratio_before", "majority_ratio")
    )
    changed = sum(line["answer"] != line["answer_before"] for line in lines)
    kept = sum(line["stands_by"] == "answer_before" for line in lines)
    return (
        f"{len(lines)} questions {what}: mean majority ratio {before:.3f} -> {after:.3f}; {changed} answers changed, "
        f"of which {kept} are not stood by"
    )


def accuracy(lines: list[dict[str, Any]], planned: Plan) -> list[str]:
    """Return the share of right answers before, after, and of those stood by; nothing where there are no labels."""
    labels = _labels(planned)
    labelled = [line for line in lines if labels.get(line["origin"]) is not None]
    if not labelled:
        return []
    right = {
        name: sum(given(line) == labels[line["origin"]] for line in labelled) / len(labelled)
        for name, given in (
            ("before", lambda line: line["answer_before"]),
            ("after", lambda line: line["answer"]),
            ("stood by", chosen),
        )
    }
    shares = ", ".join(f"{name} {share:.3f}" for name, share in right.items())
    return [f"right by the file's labels, which nothing else has seen ({len(labelled)} questions): {shares}"]


def over_time(lines: list[dict[str, Any]], labels: Mapping[str, str | None], size: int) -> list[str]:
    """Return, group by group of a stream, the share of right answers as they came, beside the untouched model's.

    Args:
        lines: of the questions adapted to, in the order in which they came.
        labels: canonical, by origin; ``None`` where there is none.
        size: questions at a time.

    Example:
        >>> lines = [{"origin": str(n), "answer": "4", "answer_before": "5"} for n in range(3)]
        >>> over_time(lines, {"0": "4", "1": "5", "2": "4"}, 2)[1]
        '  questions 3 to 3: untouched 0.000, as they came 1.000'
    """
    said = []
    for start in range(0, len(lines), size):
        part = [line for line in lines[start : start + size] if labels.get(line["origin"]) is not None]
        if part:
            untouched, came = (
                sum(line[key] == labels[line["origin"]] for line in part) / len(part)
                for key in ("answer_before", "answer")
            )
            last = min(start + size, len(lines))
            said.append(f"  questions {start + 1} to {last}: untouched {untouched:.3f}, as they came {came:.3f}")
    return said


def _labels(planned: Plan) -> dict[str, str | None]:
    answer_type = planned.composed.ttrl.build_answer_type()
    found: dict[str, str | None] = {}
    for table in planned.files.tables.values():
        for origin, label in zip(table.column("origin").to_pylist(), table.column("label").to_pylist(), strict=True):
            found[origin] = None if label is None else answer_type.canonicalize(label)
    return found
