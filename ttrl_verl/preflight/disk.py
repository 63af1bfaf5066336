"""What a run writes, and whether its folder has room: a full disk ends a run, and its record lies on the same disk."""

import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttrl_verl.composition.places import is_remote
from ttrl_verl.composition.recipe import Composed
from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.batches import RunNumbers, run_numbers, total_steps
from ttrl_verl.preflight.host import queue_bytes
from ttrl_verl.preflight.memory import GB
from ttrl_verl.preflight.model import Shape, shape_of
from ttrl_verl.record.folder import run_folder
from ttrl_verl.record.layout import CHECKPOINT

_TEXT_BYTES = 4
"""Of a token of a response in a validation dump."""
_VOTE_BYTES = 40
"""Of a vote on record: its answer, reward and length."""


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that a run writes.

    Attributes:
        checkpoint: one of them.
        most: how many checkpoints there are at once, the best among them; ``None`` where the number of steps is not
            known and all are kept.
        record: votes on record and validation dumps, at most.
        export: of one checkpoint, by `ttrl-verl export`.
    """

    checkpoint: float
    most: int | None
    record: float
    export: float

    @property
    def total(self) -> float:
        """Checkpoints at their most, and the record."""
        return self.checkpoint * (self.most or 1) + self.record


def check_disk(composed: Composed, questions: int | None, validated: int) -> Iterator[Finding]:
    """Yield what the run writes and what is free.

    Args:
        composed: the run.
        questions: to train on; ``None`` where that is not known.
        validated: questions of a validation pass.
    """
    values = composed.values
    folder, shape = values["trainer"]["default_local_dir"], shape_of(composed)
    if shape is None:
        yield Finding("note", "disk", "not estimated: the model's shape is not known")
        return
    if is_remote(folder):
        return  # check_folder says so
    needed = written(shape, values, questions, validated)
    free = free_bytes(run_folder(values))
    what = ", ".join(values["actor_rollout_ref"]["actor"]["checkpoint"]["save_contents"])
    each = f"of {_gb(needed.checkpoint)} GB ({what})"
    kept = f"{needed.most} checkpoints at once" if needed.most is not None else "every checkpoint"
    said = (
        f"at most {_gb(needed.total)} GB: {kept} {each}, {_gb(needed.record)} GB of votes and validation; an export "
        f"takes {_gb(needed.export)} GB more; free for {run_folder(values)} are {_gb(free)} GB"
    )
    if needed.most is None:
        said = f"{kept} {each} is kept (trainer.max_actor_ckpt_to_keep); free are {_gb(free)} GB"
    yield Finding("ok" if needed.total <= free else "warn", "disk", said)


def written(shape: Shape, values: Mapping[str, Any], questions: int | None, validated: int) -> Written:
    """Return what a run writes. Takes what ``check_disk`` does, and the model's shape.

    Example, Qwen2.5-Math-7B on AIME 2024: 7.615 x (4 + 8) = 91.4 GB a checkpoint, two of them at once.
    """
    n, trainer = run_numbers(values), values["trainer"]
    steps = None if questions is None and n.steps is None else total_steps(questions or 0, n)
    actor = _states(shape, n, values["actor_rollout_ref"]["actor"]["checkpoint"]["save_contents"])
    critic = shape.parameters * 12 if n.critic else 0.0
    # The asynchronous trainers save the queue, too: what is under way of the next steps.
    queued = 0 if trainer["v1"]["trainer_mode"] == "sync" else queue_bytes(n)
    passes = 0
    if trainer["test_freq"] > 0:
        passes = (0 if steps is None else math.ceil(steps / trainer["test_freq"])) + trainer["val_before_train"]
    samples = values["actor_rollout_ref"]["rollout"]["val_kwargs"]["n"] + values["ttrl"]["val_greedy"]
    record = validated * samples * (n.prompt + n.response) * _TEXT_BYTES * passes
    votes = (steps or 0) * n.train * n.votes * _VOTE_BYTES if values["ttrl"]["audit"] else 0
    return Written(
        checkpoint=actor + critic + queued,
        most=_at_once(trainer, steps),
        record=record + votes,
        export=shape.parameters * 2.0,
    )


def _states(shape: Shape, n: RunNumbers, contents: list[str]) -> float:
    """Return the bytes of a checkpoint's weights and Adam's two moments."""
    trained = shape.trained(n.lora_rank)
    sizes = {
        "model": shape.parameters * n.weight_bytes + (trained * n.weight_bytes if n.lora_rank else 0),
        "optimizer": trained * 8,
        "hf_model": shape.parameters * n.weight_bytes,
    }
    return float(sum(sizes.get(name, 0) for name in contents))


def _at_once(trainer: Mapping[str, Any], steps: int | None) -> int | None:
    """Return how many checkpoints there are at most at once; verl saves the last step, too."""
    if trainer["save_freq"] <= 0:
        return 0
    saves = None if steps is None else math.ceil(steps / trainer["save_freq"])
    keep = trainer["max_actor_ckpt_to_keep"]
    if not keep or keep < 0:
        return saves
    # verl deletes an old one before it writes a new one, but never the only one. The best is kept beside (keep_best).
    most = max(keep, 2) + 1
    return most if saves is None else min(saves, most)


def free_bytes(folder: Path) -> float:
    """Return what is free for a run: on the disk of its folder, with the checkpoints that it would replace."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    old = [
        os.path.getsize(os.path.join(at, name))
        for saved in folder.glob(f"{CHECKPOINT}*")
        for at, _, names in os.walk(saved)
        for name in names
    ]
    return float(shutil.disk_usage(there).free + sum(old))


def _gb(size: float) -> str:
    return f"{size / GB:,.0f}" if size >= 10 * GB else f"{size / GB:.1f}"
