"""Measure a model, as `ttrl-verl eval` does: one validation pass by verl's own trainer, and its figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from ttrl_verl.composition.recipe import Composed, compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.eval_json import EvalResult
from ttrl_verl.evaluation.evaluate import Evaluation, check_ks, evaluate
from ttrl_verl.evaluation.run import Matched, check_model, check_questions, eval_overrides, matched
from ttrl_verl.launch import start_logged, verl_command
from ttrl_verl.preflight.data import QuestionFiles
from ttrl_verl.preflight.findings import findings, refuse
from ttrl_verl.record.read import open_run
from ttrl_verl.reward_fns.answers import AnswerType


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured.

    Attributes:
        model: a hub id or a folder.
        data: questions with labels.
        heldout: others, measured beside them.
        recipe: whose settings to sample with.
        overrides: of the recipe, as they were typed.
        n: responses a question; ``None`` where ``match`` says it.
        ks: of pass@k and maj@k; ``None`` for the default ones.
        match: the folder of a run; as many responses are drawn as it drew.
        greedy: whether each question is answered greedily, too.
        answer_type: ``answer_type`` and ``choices``, where they differ from the recipe's.
        out: the folder of the evaluation.
    """

    model: str
    data: Path
    heldout: Path | None = None
    recipe: str = "ttrl"
    overrides: Sequence[str] = ()
    n: int | None = 16
    ks: Sequence[int] | None = None
    match: Path | None = None
    greedy: bool = True
    answer_type: dict[str, Any] = field(default_factory=dict)
    out: Path = field(default_factory=lambda: Path("runs") / f"eval-{datetime.now():%Y%m%d-%H%M%S}")

    @property
    def dump(self) -> Path:
        """Where verl writes the validation pass."""
        return self.out / "validation" / "0.jsonl"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement that may start: everything that can be known before was looked at.

    Attributes:
        wanted: what it is of.
        composed: the run.
        roles: of each data source, ``questions`` or ``heldout``.
        matched: what training spent, where a run is matched.
    """

    wanted: Wanted
    composed: Composed
    roles: dict[str, str]
    matched: Matched | None

    @property
    def n(self) -> int:
        """Responses a question: the user's overrides come last."""
        return self.composed.values["actor_rollout_ref"]["rollout"]["val_kwargs"]["n"]

    @property
    def command(self) -> list[str]:
        """The command line that measures."""
        return verl_command(self.composed.file, self.composed.overrides)


def prepare(wanted: Wanted) -> Measurement:
    """Check everything that can be checked before a run.

    Raises:
        InputError: the folder holds an evaluation, a file, a setting or the model is not what is expected.
    """
    if wanted.dump.exists():
        raise InputError(f"{wanted.out}: holds an evaluation already; expected a new folder (--out)")
    spent = None if wanted.match is None else matched(open_run(wanted.match))
    n = spent.n if spent else wanted.n or 16
    check_ks(wanted.ks or (), n)
    settings = eval_overrides(
        wanted.recipe,
        model=check_model(wanted.model),
        data=wanted.data,
        heldout=wanted.heldout,
        out=wanted.out,
        n=n,
        greedy=wanted.greedy,
        answer_type=wanted.answer_type,
        overrides=wanted.overrides,
    )
    composed = compose_run(wanted.recipe, settings)
    files = QuestionFiles(composed)
    refuse(findings(composed, files, ask_hub=True))
    roles = check_questions(wanted.data, wanted.heldout, lambda path: files.table(str(path.absolute())))
    return Measurement(wanted, composed, roles, spent)


def measure(measurement: Measurement, console: Console) -> EvalResult | None:
    """Run the validation pass and return its figures, written to ``eval.json``; ``None`` where verl failed.

    Args:
        measurement: what ``prepare`` returned.
        console: told what happens, and where verl's own output is.
    """
    wanted, answer_type = measurement.wanted, measurement.composed.ttrl.build_answer_type()
    wanted.out.mkdir(parents=True, exist_ok=True)
    log = wanted.out / "eval.log"
    said = f"{measurement.n} responses a question, with verl and vLLM; their own output goes to {log}"
    console.print(said, markup=False)
    if start_logged(measurement.composed, log, console).status != 0:
        return None
    return EvalResult(
        wanted.model,
        wanted.dump,
        measurement.command,
        answer_type.name,
        evaluate(wanted.dump, answer_type, wanted.ks),
        measurement.roles,
        measurement.matched,
        _after(wanted, answer_type),
    )


def _after(wanted: Wanted, answer_type: AnswerType) -> tuple[int, dict[str, Evaluation]] | None:
    """Return the last validation of the run that is matched: what training made of the same questions."""
    if wanted.match is None:
        return None
    validations = open_run(wanted.match).validations()
    step = max(validations, default=0)
    if step == 0:
        return None
    try:
        return step, evaluate(validations[step], answer_type, wanted.ks)
    except InputError:
        return step, evaluate(validations[step], answer_type)  # fewer responses than k: by the default k
