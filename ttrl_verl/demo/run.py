"""The demo itself: the recipe ``demo_cpu`` with the embedded model and questions, then the report."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ttrl_verl.composition.overrides import quoted
from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.demo.model import cached_model_dir
from ttrl_verl.demo.progress import Progress
from ttrl_verl.errors import InputError
from ttrl_verl.evaluation.figures import Figures, read_figures
from ttrl_verl.launch import log_tail, run, train_command
from ttrl_verl.preflight.settings import check_config, check_data
from ttrl_verl.record.layout import MANIFEST
from ttrl_verl.record.read import open_run
from ttrl_verl.report.summary import made_of
from ttrl_verl.report.text import accuracy_table
from ttrl_verl.report.write import write_report

RECIPE = "demo_cpu"
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Task:
    """A set of questions of the demo: those adapted to, those held out, and what their answers are."""

    adapted: Path
    heldout: Path | None
    overrides: tuple[str, ...] = ()


TASKS = {
    "continents": Task(_HERE / "continents_adapted.jsonl", _HERE / "continents_heldout.jsonl"),
    # Harder for the model: many wrong plurals are common, and then the majority is wrong.
    "plurals": Task(_HERE / "plurals_adapted.jsonl", _HERE / "plurals_heldout.jsonl", ("ttrl.answer_type=text",)),
}


def demo(
    *, out: Path, task: Task, reward: str, seed: int, model: str | None, overrides: Sequence[str], console: Console
) -> int:
    """Run the demo and return its exit status.

    Args:
        out: the run's folder; made, and refused where it holds a run already.
        task: the questions.
        reward: a name of ``REWARD_FNS``.
        seed: of the data order and of the sampling.
        model: a folder or a hub id; the embedded model where it is ``None``.
        overrides: Hydra overrides beyond these.
        console: where progress and the table go.

    Raises:
        InputError: something is not what was expected; nothing was started.
    """
    settings = _overrides(out, task, reward, seed, model or str(cached_model_dir()), overrides)
    config = compose_recipe(RECIPE, settings)
    ttrl = check_config(config)
    if (out / MANIFEST).exists():
        raise InputError(f"{out}: holds a run already; expected a new folder (--out)")
    out.mkdir(parents=True, exist_ok=True)
    log = out / "train.log"
    if model is None:
        _prepare_model(console, log)
    check_data(config, ttrl)
    command = train_command(RECIPE, settings)
    console.print(f"training with verl and vLLM; their own output goes to {log}", highlight=False, soft_wrap=True)
    with log.open("ab") as file, Progress(console, out, log, config.trainer.total_training_steps) as progress:
        status = run(command, log=file, watch=progress.update)
        progress.update()
    if status != 0:
        console.print(f"verl stopped with exit status {status}; from {log}:\n{log_tail(log)}", markup=False)
        return 1
    passes = open_run(out).validations()
    last = max(passes, default=0)
    if 0 in passes and last > 0:  # overrides may have turned them off
        answer_type = ttrl.build_answer_type()
        _say(console, read_figures(passes[0], answer_type), read_figures(passes[last], answer_type))
    report = write_report(out)
    console.print(f"report: {report.page}, {report.text}", soft_wrap=True, highlight=False)
    return 0


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
    if reward == "random":
        settings["ttrl.reward_options"] = {"seed": seed}
    return [*(f"{key}={quoted(value)}" for key, value in settings.items()), *task.overrides, *overrides]


def _prepare_model(console: Console, log: Path) -> None:
    """Convert the embedded model, once a machine."""
    folder = cached_model_dir()
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file, console.status("preparing the model, once: SmolLM2-135M, from GGUF"):
        command = [sys.executable, "-m", "ttrl_verl.demo.model", str(folder)]
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise InputError(f"the model could not be converted; {log} says why")
    console.print(f"the model is ready in {folder}", highlight=False, soft_wrap=True)


def _say(console: Console, before: dict[str, Figures], after: dict[str, Figures]) -> None:
    console.print(accuracy_table(before, after))
    for sentence in made_of(before, after):
        console.print(sentence, highlight=False)
