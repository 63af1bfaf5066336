"""The demo itself: the recipe ``demo_cpu`` with the embedded model and questions, then the report."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from reward_fns.answers import get_answer_type
from ttrl_verl.demo.model import cached_model_dir
from ttrl_verl.demo.progress import Progress
from ttrl_verl.demo.report import made_of, table, write_report
from ttrl_verl.errors import InputError
from ttrl_verl.figures import Figures, read_figures
from ttrl_verl.launch import log_tail, run, train_command
from ttrl_verl.overrides import quoted
from ttrl_verl.preflight import check_config, check_data
from ttrl_verl.recipe import compose_recipe

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
    if (out / "metrics.jsonl").exists():
        raise InputError(f"{out}: holds a run already; expected a new folder (--out)")
    out.mkdir(parents=True, exist_ok=True)
    log = out / "train.log"
    if model is None:
        _prepare_model(console, log)
    check_data(config, ttrl)
    command = train_command(RECIPE, settings)
    console.print(f"training with verl and vLLM; their own output goes to {log}", highlight=False, soft_wrap=True)
    with log.open("ab") as file, Progress(console, out, log, config.trainer.total_training_steps) as progress:
        env = {"VERL_FILE_LOGGER_PATH": str((out / "metrics.jsonl").absolute())}
        status = run(command, log=file, env=env, watch=progress.update)
        progress.update()
    if status != 0:
        console.print(f"verl stopped with exit status {status}; from {log}:\n{log_tail(log)}", markup=False)
        return 1
    answer_type = get_answer_type(ttrl.answer_type, choices=ttrl.choices)
    before = read_figures(out / "validation" / "0.jsonl", answer_type)
    after = read_figures(out / "validation" / f"{config.trainer.total_training_steps}.jsonl", answer_type)
    _say(console, before, after)
    report = write_report(out, f"{RECIPE}, reward {reward}, seed {seed}", [shlex.join(command)], before, after)
    console.print(f"report: {report}", soft_wrap=True, highlight=False)
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
        "trainer.logger": ["console", "file"],
        "trainer.validation_data_dir": str(folder / "validation"),
        "trainer.default_local_dir": str(folder / "checkpoints"),
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
    console.print(table(before, after))
    for sentence in made_of(before, after):
        console.print(sentence, highlight=False)
