"""How a run was made: its commands, versions, seeds, data and the settings that matter."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ttrl_verl.printable import on_page, one_line
from ttrl_verl.record.read import Run

SEEDS = (
    "data.seed",
    "actor_rollout_ref.rollout.seed",
    "actor_rollout_ref.actor.data_loader_seed",
    "critic.data_loader_seed",
    "ttrl.reward_options.seed",
)

SETTINGS = (
    ("reward", "reward.reward_manager.name"),
    ("options of the reward", "ttrl.reward_options"),
    ("labels allowed in the reward", "ttrl.allow_labels"),
    ("model", "actor_rollout_ref.model.path"),
    ("LoRA rank", "actor_rollout_ref.model.lora_rank"),
    ("advantage", "algorithm.adv_estimator"),
    ("advantage divided by std", "algorithm.norm_adv_by_std_in_grpo"),
    ("votes a question", "ttrl.votes"),
    ("kept for training", "actor_rollout_ref.rollout.n"),
    ("answer type", "ttrl.answer_type"),
    ("truncated responses", "ttrl.truncated"),
    ("questions a step", "data.train_batch_size"),
    ("mini-batch", "actor_rollout_ref.actor.ppo_mini_batch_size"),
    ("learning rate", "actor_rollout_ref.actor.optim.lr"),
    ("schedule", "actor_rollout_ref.actor.optim.lr_scheduler_type"),
    ("KL loss", "actor_rollout_ref.actor.use_kl_loss"),
    ("KL coefficient", "actor_rollout_ref.actor.kl_loss_coef"),
    ("entropy coefficient", "actor_rollout_ref.actor.entropy_coeff"),
    ("prompt, at most", "data.max_prompt_length"),
    ("response, at most", "data.max_response_length"),
    ("temperature", "actor_rollout_ref.rollout.temperature"),
    ("temperature, validation", "actor_rollout_ref.rollout.val_kwargs.temperature"),
    ("top p, validation", "actor_rollout_ref.rollout.val_kwargs.top_p"),
    ("samples, validation", "actor_rollout_ref.rollout.val_kwargs.n"),
    ("epochs", "trainer.total_epochs"),
    ("steps", "trainer.total_training_steps"),
)

MAX_ATTEMPTS = MAX_FILES = 20
_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of the trainer; texts are fit to be shown. ``first_step`` is empty where it trained none."""

    number: str
    started: str
    first_step: str
    command: str
    versions: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the run was made. Each text is fit to be shown.

    Attributes:
        attempts: the starts of the trainer, the first ``MAX_ATTEMPTS``.
        attempts_left_out: how many more there were.
        seeds: name and value.
        settings: what it is, its key, its value.
        files: path, rows, SHA-256; the first ``MAX_FILES``.
        files_left_out: how many more there were.
    """

    attempts: tuple[Attempt, ...]
    attempts_left_out: int
    seeds: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str, str], ...]
    files: tuple[tuple[str, str, str], ...]
    files_left_out: int


def read_provenance(run: Run) -> Provenance:
    """Return how the run was made, from its manifest."""
    attempts, files = run.manifest["attempts"], [entry for entry in run.manifest["data"] if isinstance(entry, dict)]
    seeds = [(key, run.setting(key)) for key in SEEDS]
    settings = [(name, key, run.setting(key)) for name, key in SETTINGS]
    return Provenance(
        attempts=tuple(_attempt(entry) for entry in attempts[:MAX_ATTEMPTS]),
        attempts_left_out=max(0, len(attempts) - MAX_ATTEMPTS),
        seeds=tuple((key, one_line(value, 80)) for key, value in seeds if value is not None),
        settings=tuple((name, key, _shown(value)) for name, key, value in settings if value is not None),
        files=tuple(
            (one_line(entry.get("path"), 400), one_line(entry.get("rows"), 20), one_line(entry.get("sha256"), 64))
            for entry in files[:MAX_FILES]
        ),
        files_left_out=max(0, len(files) - MAX_FILES),
    )


def expected_steps(run: Run) -> int | None:
    """Return how many steps the run is meant to have; ``None`` where its configuration does not tell.

    verl's rule: ``trainer.total_training_steps``, else whole batches of the training files, an epoch after another.
    """
    total = run.setting("trainer.total_training_steps")
    if isinstance(total, int):
        return total
    batch, epochs = run.setting("data.train_batch_size"), run.setting("trainer.total_epochs")
    files = run.setting("data.train_files")
    paths = {files} if isinstance(files, str) else set(files or [])
    rows = [
        entry.get("rows") for entry in run.manifest["data"] if isinstance(entry, dict) and entry.get("path") in paths
    ]
    if not rows or not all(isinstance(value, int) for value in (batch, epochs, *rows)) or batch < 1:
        return None
    return sum(rows) // batch * epochs


def _attempt(entry: Mapping[str, Any]) -> Attempt:
    # verl may have been started by its own command, and then nobody wrote down which.
    command, versions = entry.get("command") or "not on record", entry.get("versions") or {}
    text = shlex.join(map(str, command)) if isinstance(command, Sequence) and not isinstance(command, str) else command
    named = versions.items() if isinstance(versions, Mapping) else ()
    return Attempt(
        number=one_line(entry["attempt"], 20),
        started=one_line(entry.get("started", ""), 40),
        first_step="" if entry["first_step"] is None else one_line(entry["first_step"], 20),
        command=on_page(text, _LIMIT),
        versions=one_line(", ".join(f"{name} {version}" for name, version in named), _LIMIT),
    )


def _shown(value: object) -> str:
    return one_line({True: "yes", False: "no"}[value] if isinstance(value, bool) else value, 200)
