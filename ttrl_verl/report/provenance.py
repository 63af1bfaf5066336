"""How a run was made: its commands, versions, seeds, data and the settings that matter."""

import shlex
from dataclasses import dataclass

from ttrl_verl.printable import on_page, one_line
from ttrl_verl.record import manifest as record
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
    ("rewards with weights", "ttrl.rewards"),
    ("check", "ttrl.check"),
    ("labels allowed in the reward", "ttrl.allow_labels"),
    ("model", "actor_rollout_ref.model.path"),
    ("LoRA rank", "actor_rollout_ref.model.lora_rank"),
    ("advantage", "algorithm.adv_estimator"),
    ("advantage divided by std", "algorithm.norm_adv_by_std_in_grpo"),
    ("votes a question", "ttrl.votes"),
    ("kept for training", "actor_rollout_ref.rollout.n"),
    ("keep rule", "ttrl.keep"),
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
    attempts, files = run.manifest.attempts, run.manifest.data
    seeds = [(key, run.setting(key)) for key in SEEDS]
    settings = [(name, key, run.setting(key)) for name, key in SETTINGS]
    return Provenance(
        attempts=tuple(_shown_attempt(attempt) for attempt in attempts[:MAX_ATTEMPTS]),
        attempts_left_out=max(0, len(attempts) - MAX_ATTEMPTS),
        seeds=tuple((key, one_line(value, 80)) for key, value in seeds if value is not None),
        settings=tuple((name, key, _shown(value)) for name, key, value in settings if value is not None),
        files=tuple(
            (one_line(file.path, 400), one_line(file.rows, 20), one_line(file.sha256, 64)) for file in files[:MAX_FILES]
        ),
        files_left_out=max(0, len(files) - MAX_FILES),
    )


def _shown_attempt(attempt: record.Attempt) -> Attempt:
    # verl may have been started by its own command, and then nobody wrote down which.
    command = attempt.command or "not on record"
    return Attempt(
        number=str(attempt.attempt),
        started=one_line(attempt.started, 40),
        first_step="" if attempt.first_step is None else str(attempt.first_step),
        command=on_page(command if isinstance(command, str) else shlex.join(command), _LIMIT),
        versions=one_line(", ".join(f"{name} {version}" for name, version in attempt.versions.items()), _LIMIT),
    )


def _shown(value: object) -> str:
    return one_line({True: "yes", False: "no"}[value] if isinstance(value, bool) else value, 200)
