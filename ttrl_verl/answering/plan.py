"""The run behind `ttrl-verl answer`: which recipe, and which of its settings follow from the questions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ttrl_verl.answering.out import RUN
from ttrl_verl.composition.fitting import fitting_batch
from ttrl_verl.composition.overrides import quoted
from ttrl_verl.composition.recipe import Composed, compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.run import check_model, cpu_is_chosen
from ttrl_verl.preflight.batches import run_numbers, total_steps
from ttrl_verl.preflight.data import QuestionFiles

CHECKPOINTS = 3
"""How often a run is saved on its way, so that a killed one does not begin anew; the last one alone is kept."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        questions: the file; labels in it, if any, are printed against and reach nothing else.
        model: a folder or a hub id.
        out: the file of answers; the run's folder stands beside it.
        recipe: a name or a file; ``None`` for what the machine can do.
        hold: other questions, answered and not adapted to.
        responses: votes a question before and after; ``None`` for as many as the recipe trains on.
        steps: of training; ``None`` for the recipe's.
        stream: questions at a time, each answered before it is adapted to; ``None`` to answer all before and after.
        seconds: the time there is, for everything; ``None`` for no bound.
        answer_type: ``answer_type`` and ``choices``, where they differ from the recipe's.
        overrides: of the recipe, as they were typed; they come last and win.
    """

    questions: Path
    model: str
    out: Path
    recipe: str | None = None
    hold: Path | None = None
    responses: int | None = None
    steps: int | None = None
    stream: int | None = None
    seconds: float | None = None
    answer_type: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """The run's folder: its checkpoint, its votes, its report."""
        return self.out.with_suffix(RUN)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that is composed, with its questions.

    Attributes:
        composed: the run.
        files: the questions, each file read once.
        steps: of training.
    """

    composed: Composed
    files: QuestionFiles
    steps: int


def plan(wanted: Wanted) -> Plan:
    """Return the run that answers the questions.

    Raises:
        InputError: a file, the model, the recipe or a setting is not what is expected.
    """
    for file in (wanted.questions, wanted.hold):
        if file is not None and not file.exists():
            raise InputError(f"{file}: no such file")
    if wanted.hold is not None and wanted.hold.stem == wanted.questions.stem:
        raise InputError(f"FILE and --hold are both called {wanted.hold.stem}; expected two names")
    recipe = wanted.recipe or ("answer_cpu" if cpu_is_chosen() else "ttrl")
    settings = _settings(wanted)
    first = compose_run(recipe, [*settings, *wanted.overrides])
    files = QuestionFiles(first)
    questions = sum(files.table(name).num_rows for name in files.train)
    fitted = _fitted(wanted, first, questions)
    composed = compose_run(recipe, [*settings, *fitted, *wanted.overrides])
    return Plan(composed, files, total_steps(questions, run_numbers(composed.values)))


def _settings(wanted: Wanted) -> list[str]:
    """Return the overrides that follow from what is asked for, before the questions are read."""
    files = [str(path.absolute()) for path in (wanted.questions, wanted.hold) if path is not None]
    settings: dict[str, Any] = {
        "actor_rollout_ref.model.path": check_model(wanted.model),
        "data.train_files": files[:1],
        "data.val_files": files,
        "ttrl.val_greedy": False,
        "actor_rollout_ref.rollout.val_kwargs.do_sample": True,
        "trainer.val_before_train": True,
        "trainer.default_local_dir": str(wanted.folder.absolute()),
        # A killed command is typed again and goes on.
        "trainer.resume_mode": "auto",
        "trainer.max_actor_ckpt_to_keep": 1,
        "trainer.max_critic_ckpt_to_keep": 1,
    }
    settings |= {f"ttrl.{key}": value for key, value in wanted.answer_type.items()}
    return [f"{key}={quoted(value)}" for key, value in settings.items()]


def _fitted(wanted: Wanted, first: Composed, questions: int) -> list[str]:
    """Return the overrides that follow from the number of questions."""
    values = first.values
    settings: dict[str, Any] = {}
    batch = values["data"]["train_batch_size"]
    steps = wanted.steps
    if wanted.stream is not None:
        batch = min(wanted.stream, questions)
        # Once through the questions; the last step is filled up with the first ones, whose answer is there already.
        steps = math.ceil(questions / batch)
        settings |= {"data.shuffle": False, "trainer.test_freq": steps if wanted.hold else -1}
    elif questions < batch:
        batch = questions
    if batch != values["data"]["train_batch_size"]:
        settings |= fitting_batch(values, batch)
    steps = steps or total_steps(questions, replace(run_numbers(values), train=batch))
    drawn = values["actor_rollout_ref"]["rollout"]["val_kwargs"]["n"]
    votes = wanted.responses or (drawn if drawn > 1 else values["ttrl"]["votes"])
    settings |= {
        "actor_rollout_ref.rollout.val_kwargs.n": votes,
        "trainer.total_training_steps": steps,
        # verl ends after the recipe's epochs, too, and then neither votes again nor saves.
        "trainer.total_epochs": max(values["trainer"]["total_epochs"], math.ceil(steps / (questions // batch))),
        "trainer.save_freq": math.ceil(steps / CHECKPOINTS),
    }
    if wanted.stream is None:
        settings["trainer.test_freq"] = steps
    return [f"{key}={quoted(value)}" for key, value in settings.items()]
