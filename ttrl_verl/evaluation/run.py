"""A validation pass and nothing else, through verl's own trainer: the settings, the checks, and how many to sample."""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ttrl_verl.composition.catalogue import on_cpu
from ttrl_verl.composition.overrides import quoted
from ttrl_verl.errors import InputError
from ttrl_verl.installed import vllm_build_is_cpu
from ttrl_verl.record.layout import CHECKPOINT, MANIFEST
from ttrl_verl.record.read import Run


@dataclass(frozen=True, slots=True)
class Matched:
    """What training spent: the compute-matched baseline samples as many responses a question.

    Attributes:
        run: the run's folder.
        responses: drawn in training, all of them.
        questions: that were trained on.
        visits: of a question, the mean.
        n: responses a question, rounded up.
    """

    run: str
    responses: int
    questions: int
    visits: float
    n: int


def matched(run: Run) -> Matched:
    """Return what a training run sampled: votes × visits, counted from its audit.

    Raises:
        InputError: the run has no audit.
    """
    audit = run.audit()
    if audit.num_rows == 0:
        raise InputError(
            f"{run.folder}: has no votes on record (audit/); --baseline-votes N says how many training drew"
        )
    drawn = (pc.sum(pc.list_value_length(audit["answers"])).as_py() or 0) + (pc.sum(audit["missing"]).as_py() or 0)
    questions = pc.count_distinct(audit["index"]).as_py()
    return Matched(str(run.folder), drawn, questions, audit.num_rows / questions, math.ceil(drawn / questions))


def check_model(model: str) -> str:
    """Return the model as verl takes it: a hub id as it stands, a folder as an absolute path.

    Raises:
        InputError: it is a run's folder or a checkpoint that holds verl's shards and no model.
    """
    folder = Path(os.path.expanduser(model))
    if not folder.is_dir():
        return model
    if (folder / "config.json").is_file():
        return str(folder.absolute())
    shards = next((place for place in (folder, folder / "actor") if any(place.glob("model_world_size_*.pt"))), None)
    if shards is not None:
        raise InputError(f"{model}: holds verl's shards; export them first: `ttrl-verl export RUN_DIR OUT --step N`")
    if (folder / MANIFEST).is_file():
        steps = sorted(int(path.name.removeprefix(CHECKPOINT)) for path in folder.glob(f"{CHECKPOINT}[0-9]*"))
        saved = f"; its checkpoints are {', '.join(f'{CHECKPOINT}{step}' for step in steps)}" if steps else ""
        raise InputError(f"{model}: is a run; export a checkpoint first: `ttrl-verl export {model} OUT`{saved}")
    raise InputError(f"{model}: has no config.json; expected a model's folder or a hub id")


def check_questions(data: Path, heldout: Path | None, read: Callable[[Path], pa.Table]) -> dict[str, str]:
    """Return the role of each data source: ``questions`` or ``heldout``.

    Args:
        data: the questions.
        heldout: others, measured beside them.
        read: returns a file's questions.

    Raises:
        InputError: a file cannot be read or has no label at all, or both files have a data source of the same name.
    """
    roles: dict[str, str] = {}
    for path, role in ((data, "questions"), (heldout, "heldout")):
        if path is None:
            continue
        table = read(path)
        if table["label"].null_count == table.num_rows:
            raise InputError(f"{path}: has no label on any row; expected ground truths to measure against (answer)")
        for source in pc.unique(table["data_source"]).to_pylist():
            if roles.setdefault(source, role) != role:
                raise InputError(
                    f"{path} and {data}: both have the data source {source}; expected names that differ "
                    "(a column data_source, or the files' names)"
                )
    return roles


def eval_overrides(
    recipe: str,
    *,
    model: str,
    data: Path,
    heldout: Path | None,
    out: Path,
    n: int,
    greedy: bool,
    answer_type: dict[str, Any],
    overrides: Sequence[str],
) -> list[str]:
    """Return the overrides that make a recipe validate once and end.

    Nothing is trained, so what only training reads is set to what any number of questions and devices satisfies.

    Args:
        recipe: a name or a file.
        model: a folder or a hub id.
        data: the questions.
        heldout: others, measured beside them.
        out: the folder of the evaluation.
        n: responses a question.
        greedy: whether each question is also answered greedily.
        answer_type: ``answer_type`` and ``choices`` where they differ from the recipe's.
        overrides: the user's own; they come last and win.
    """
    platform = ["+platform=cpu"] if cpu_is_chosen() and not on_cpu(recipe, overrides) else []
    files = [str(path.absolute()) for path in (data, heldout) if path is not None]
    folder = out.absolute()
    settings = {
        "actor_rollout_ref.model.path": model,
        "data.train_files": files[:1],
        "data.val_files": files,
        "actor_rollout_ref.rollout.val_kwargs.n": n,
        "actor_rollout_ref.rollout.val_kwargs.do_sample": True,
        "ttrl.val_greedy": greedy,
        **{f"ttrl.{key}": value for key, value in answer_type.items()},
        "trainer.val_only": True,
        "trainer.val_before_train": True,
        "trainer.validation_data_dir": str(folder / "validation"),
        "trainer.default_local_dir": str(folder),
        "trainer.resume_mode": "disable",
        "trainer.save_freq": -1,
        "trainer.logger": ["console"],
        # One question, one response a device: verl checks these even where it only validates.
        "data.train_batch_size": 1,
        "actor_rollout_ref.actor.ppo_mini_batch_size": 1,
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu": 1,
        "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu": 1,
        # No reference policy, no critic, no reward that wants either, or labels.
        "actor_rollout_ref.actor.use_kl_loss": False,
        "algorithm.use_kl_in_reward": False,
        "algorithm.adv_estimator": "grpo",
        "reward.reward_manager.name": "majority_vote",
        "ttrl.reward_options": None,
        "ttrl.allow_labels": False,
    }
    devices = "${ttrl_verl.product:${trainer.nnodes},${trainer.n_gpus_per_node}}"
    settings |= {"actor_rollout_ref.rollout.n": devices, "ttrl.votes": devices}
    return [*platform, *(f"{key}={quoted(value)}" for key, value in settings.items()), *overrides]


def cpu_is_chosen() -> bool:
    """Return what ``cpu.detect`` would, without importing verl: a CPU build of vLLM runs on nothing else."""
    named = os.environ.get("VERL_PLATFORM", "").strip().lower()
    return named == "cpu" if named else vllm_build_is_cpu()
