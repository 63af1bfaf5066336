"""The batch arithmetic of a run, as pure functions: what is divided by what, and what is left over."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Batches:
    """The numbers of a composed configuration that must fit each other. Counts are of questions unless they say other.

    Attributes:
        votes: responses sampled for a question.
        kept: responses of a question that are trained on, ``actor_rollout_ref.rollout.n``.
        train: ``data.train_batch_size``.
        fetch: ``data.gen_batch_size``, what the loader hands over at a time; verl takes ``train`` where it is null.
        mini: ``actor_rollout_ref.actor.ppo_mini_batch_size``.
        micro: responses a GPU computes at once in an update, 0 where ``use_dynamic_bsz`` counts tokens instead.
        log_prob_micro: the same for log-probabilities.
        gpus: GPUs that train.
        tensor_parallel: GPUs that share one copy of the model in vLLM.
        sequence_parallel: GPUs that share one sequence in the actor (Ulysses).
        epochs, steps: how long; ``steps`` may be ``None``.
    """

    votes: int
    kept: int
    train: int
    fetch: int
    mini: int
    micro: int
    log_prob_micro: int
    gpus: int
    tensor_parallel: int
    sequence_parallel: int
    epochs: int
    steps: int | None


def batches(values: Mapping[str, Any]) -> Batches:
    """Return the numbers of a composed configuration, as plain values."""
    actor, rollout = values["actor_rollout_ref"]["actor"], values["actor_rollout_ref"]["rollout"]
    data, trainer = values["data"], values["trainer"]
    dynamic = actor["use_dynamic_bsz"]
    asynchronous = trainer["v1"]["trainer_mode"] != "sync"  # verl's asynchronous trainers fetch one by one
    return Batches(
        votes=values["ttrl"]["votes"],
        kept=rollout["n"],
        train=data["train_batch_size"],
        fetch=1 if asynchronous else data["gen_batch_size"] or data["train_batch_size"],
        mini=actor["ppo_mini_batch_size"],
        micro=0 if dynamic else actor["ppo_micro_batch_size_per_gpu"] or 0,
        log_prob_micro=0 if dynamic else rollout["log_prob_micro_batch_size_per_gpu"] or 0,
        gpus=trainer["nnodes"] * trainer["n_gpus_per_node"],
        tensor_parallel=rollout["tensor_model_parallel_size"],
        sequence_parallel=actor["ulysses_sequence_parallel_size"],
        epochs=trainer["total_epochs"],
        steps=trainer["total_training_steps"],
    )


def skipped_questions(questions: int, fetch: int) -> int:
    """Return how many questions every epoch leaves out: what does not fill a fetch is dropped.

    Example:
        >>> skipped_questions(30, 8), skipped_questions(30, 1)
        (6, 0)
    """
    return questions % fetch


def total_steps(questions: int, numbers: Batches) -> int:
    """Return how many steps a run takes: verl counts ``questions // train`` of them an epoch.

    Example, AIME 2024: 30 // 8 = 3 steps an epoch, 80 epochs, 240 steps.
    """
    return numbers.steps if numbers.steps is not None else questions // numbers.train * numbers.epochs


def visits(questions: int, numbers: Batches) -> float:
    """Return how often a question is visited on average: steps x train / questions. AIME 2024: 240 x 8 / 30 = 64."""
    seen = questions - skipped_questions(questions, numbers.fetch)
    return total_steps(questions, numbers) * numbers.train / max(seen, 1)


def problems(numbers: Batches) -> Iterator[str]:
    """Yield what does not fit, a line each: the key, what it is, what was expected.

    verl would say the same, some of it only when the GPUs are taken and the first batch has been generated.
    """
    n = numbers
    replicas = n.gpus // n.sequence_parallel
    if n.votes < n.kept:
        yield f"ttrl.votes is {n.votes}; expected at least actor_rollout_ref.rollout.n, the {n.kept} responses kept"
    if n.train < n.mini:
        yield f"data.train_batch_size is {n.train}; expected at least ppo_mini_batch_size, {n.mini}"
    if n.train % n.fetch:
        yield f"data.gen_batch_size is {n.fetch}; expected a divisor of data.train_batch_size, {n.train}"
    if n.gpus % n.sequence_parallel:
        yield f"ulysses_sequence_parallel_size is {n.sequence_parallel}; expected a divisor of the {n.gpus} GPUs"
    elif (n.train * n.kept) % n.gpus:
        yield f"a step trains on {n.train} x {n.kept} responses; expected a multiple of the {n.gpus} GPUs"
    elif (n.mini * n.kept) % replicas:
        yield (
            f"a mini-batch is {n.mini} x {n.kept} responses (ppo_mini_batch_size x rollout.n); expected a multiple of "
            f"the {replicas} data-parallel GPUs"
        )
    else:
        yield from _micro_batches(n, replicas)
    if n.gpus % n.tensor_parallel:
        yield f"tensor_model_parallel_size is {n.tensor_parallel}; expected a divisor of the {n.gpus} GPUs"


def _micro_batches(n: Batches, replicas: int) -> Iterator[str]:
    each = n.mini * n.kept // replicas
    if n.micro and each % n.micro:
        yield (
            f"ppo_micro_batch_size_per_gpu is {n.micro}; expected a divisor of the {each} responses a GPU per "
            "mini-batch"
        )
    # verl fills the last mini-batch with padding rows.
    multiple = math.lcm(replicas, n.mini * n.kept)
    whole = -(-n.train * n.kept // multiple) * multiple // replicas
    if n.log_prob_micro and whole % n.log_prob_micro:
        yield (
            f"log_prob_micro_batch_size_per_gpu is {n.log_prob_micro}; expected a divisor of the {whole} responses a "
            "GPU per step"
        )


def separate_async_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what verl's ``separate_async`` trainer would refuse; nothing for the other modes."""
    if values["trainer"]["v1"]["trainer_mode"] != "separate_async":
        return
    numbers, rollout = batches(values), values["actor_rollout_ref"]["rollout"]
    every = values["trainer"]["v1"]["separate_async"]["parameter_sync_step"]
    if numbers.train != every * numbers.mini:
        yield (
            f"data.train_batch_size is {numbers.train}; expected parameter_sync_step x ppo_mini_batch_size, "
            f"{every} x {numbers.mini}, for separate_async"
        )
    if not rollout["nnodes"]:
        yield "actor_rollout_ref.rollout.nnodes is 0; expected nodes of their own for vLLM, for separate_async"
    if rollout["checkpoint_engine"]["backend"] == "naive":
        yield "checkpoint_engine.backend is naive; expected nccl, nixl or another, for separate_async"
