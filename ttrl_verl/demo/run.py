"""The demo itself: a task's recipe with its model and questions, then the report."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ttrl_verl.composition.fitting import fitting_batch
from ttrl_verl.composition.overrides import quoted
from ttrl_verl.composition.recipe import Composed, compose_run
from ttrl_verl.config import TTRLConfig
from ttrl_verl.demo.tasks import Made, Task
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import paired_changes, read_figures
from ttrl_verl.launch import start_logged
from ttrl_verl.preflight.data import QuestionFiles
from ttrl_verl.preflight.findings import config_findings, findings, refuse
from ttrl_verl.record.layout import MANIFEST
from ttrl_verl.record.read import open_run
from ttrl_verl.report.progress import Progress
from ttrl_verl.report.summary import made_of
from ttrl_verl.report.text import accuracy_table
from ttrl_verl.report.write import write_report


def demo(
    *,
    out: Path,
    task: Task,
    reward: str | None,
    seed: int,
    overrides: Sequence[str],
    console: Console,
) -> int:
    """Run the demo and return its exit status.

    Args:
        out: the run's folder; made, and refused where it holds a run already.
        task: the recipe, the questions and the model.
        reward: a name of ``REWARD_FNS``; the task's own where it is ``None``.
        seed: of the data order and of the sampling.
        overrides: Hydra overrides beyond these.
        console: where progress and the table go.

    Raises:
        InputError: something is not what was expected; nothing was started.
    """
    chosen = (out, task, reward or task.reward, seed, task.model)
    composed = compose_run(task.recipe, _overrides(*chosen, overrides))
    refuse(config_findings(composed))  # before minutes in which a model is made
    if (out / MANIFEST).exists():
        raise InputError(f"{out}: holds a run already; expected a new folder (--out)")
    out.mkdir(parents=True, exist_ok=True)
    log = out / "train.log"
    if task.own_model is None or not task.adapted.exists():
        _make(task.made, console, log)
    files = QuestionFiles(composed)
    if fitting := _fitting_batch(composed, files):
        composed = compose_run(task.recipe, _overrides(*chosen, [*fitting, *overrides]))
    refuse(findings(composed, files, ask_hub=True))
    steps = composed.values["trainer"]["total_training_steps"]
    console.print(
        f"training with verl and vLLM; their own output goes to {log}", highlight=False, soft_wrap=True, markup=False
    )
    with Progress(console, out, log, steps) as progress:
        status = start_logged(composed, log, console, watch=progress.update).status
        progress.update()
    if status != 0:
        return 1
    _tell(out, composed.ttrl, console)
    return 0


def _tell(out: Path, ttrl: TTRLConfig, console: Console) -> None:
    """Print accuracy before and after and what the gain is made of, and write the report."""
    passes = open_run(out).validations()
    last = max(passes, default=0)
    if 0 in passes and last > 0:  # overrides may have turned them off
        answer_type = ttrl.build_answer_type()
        before, after = (read_figures(passes[step], answer_type) for step in (0, last))
        console.print(accuracy_table(before, after, paired_changes(passes[0], passes[last])))
        for sentence in made_of(before, after):
            console.print(sentence, highlight=False, markup=False)
    report = write_report(out)
    if report.summary.verdict is not None:
        console.print(report.summary.verdict.sentence(), highlight=False, markup=False)
    console.print(f"report: {report.page}, {report.text}", soft_wrap=True, highlight=False, markup=False)
    if open_run(out).checkpoints():  # overrides may have left none
        said = f"the adapted model: `ttrl-verl export {out} OUT`"
        console.print(said, soft_wrap=True, highlight=False, markup=False)


def _overrides(out: Path, task: Task, reward: str, seed: int, model: str, overrides: Sequence[str]) -> list[str]:
    """Return the demo's settings as Hydra overrides; the user's own come last and win."""
    folder = out.absolute()
    files = [task.adapted] if task.heldout is None else [task.adapted, task.heldout]
    settings = {
        "actor_rollout_ref.model.path": model,
        "data.train_files": [str(task.adapted.absolute())],
        "data.val_files": [str(file.absolute()) for file in files],
        "data.seed": seed,
        "actor_rollout_ref.rollout.seed": seed,
        "actor_rollout_ref.actor.data_loader_seed": seed,
        "reward.reward_manager.name": reward,
        "trainer.default_local_dir": str(folder),
    }
    listed = [f"{key}={quoted(value)}" for key, value in settings.items()]
    if reward != task.reward:
        # The recipe's are of its own reward, and Hydra merges a dictionary into the one that is there.
        listed.append("ttrl.reward_options=null")
    if reward == "random":
        listed.append(f"ttrl.reward_options={quoted({'seed': seed})}")
    return [*listed, *task.overrides, *overrides]


def _fitting_batch(composed: Composed, files: QuestionFiles) -> list[str]:
    """Return overrides for a smaller batch, where there are fewer questions than the recipe's step takes."""
    questions = sum(files.table(name).num_rows for name in files.train)
    if questions >= composed.values["data"]["train_batch_size"]:
        return []
    return [f"{key}={value}" for key, value in fitting_batch(composed.values, questions).items()]


def _make(made: Made, console: Console, log: Path) -> None:
    """Make the task's model, once a machine."""
    if made.folder.is_dir():
        return
    with log.open("ab") as file, console.status(made.saying):
        command = [sys.executable, "-m", *made.arguments]
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise InputError(f"the model could not be made; {log} says why")
    console.print(f"the model is ready in {made.model_dir}", highlight=False, soft_wrap=True, markup=False)
