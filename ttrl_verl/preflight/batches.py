"""The numbers of a run that must fit each other, as pure functions: what is divided by what, and what is left over."""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ttrl_verl.preflight import Finding
from ttrl_verl.preflight.ray_address import joins


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """The numbers of a composed configuration: batches, lengths, GPUs, and what of the run stays on them.

    Attributes:
        votes: responses sampled for a question.
        kept: responses of a question that are trained on, ``actor_rollout_ref.rollout.n``.
        train: questions a step, ``data.train_batch_size``.
        fetch: questions that the loader hands over at a time, ``data.gen_batch_size``; verl takes ``train`` where it is
            null.
        mini: questions an optimiser step, ``actor_rollout_ref.actor.ppo_mini_batch_size``.
        micro: responses a GPU computes at once in an update, 0 where ``use_dynamic_bsz`` counts tokens instead.
        log_prob_micro: the same for log-probabilities.
        epochs, steps: how long; ``steps`` may be ``None``.
        prompt, response: the longest, in tokens.
        context: the longest sequence of vLLM, ``rollout.max_model_len``; ``None`` is the model's own.
        micro_tokens: tokens that a GPU computes at once in an update.
        gpus: GPUs that train.
        tensor_parallel: GPUs that share one copy of the model in vLLM.
        sequence_parallel: GPUs that share one sequence in the actor (Ulysses).
        share: of a GPU, for vLLM: ``gpu_memory_utilization``.
        releases: whether vLLM gives its memory back while the actor trains, ``free_cache_engine``.
        actor_leaves, critic_leaves: whether each is off the GPU while it is not at work.
        weight_bytes: of a parameter in the actor's own copy, 4 in float32, 2 in bfloat16.
        lora_rank: 0 for full training.
        reference, critic: whether there is one.
        separate: whether vLLM has GPUs of its own.
    """

    votes: int
    kept: int
    train: int
    fetch: int
    mini: int
    micro: int
    log_prob_micro: int
    epochs: int
    steps: int | None
    prompt: int
    response: int
    context: int | None
    micro_tokens: int
    gpus: int
    tensor_parallel: int
    sequence_parallel: int
    share: float
    releases: bool
    actor_leaves: bool
    critic_leaves: bool
    weight_bytes: int
    lora_rank: int
    reference: bool
    critic: bool
    separate: bool


def run_numbers(values: Mapping[str, Any]) -> RunNumbers:
    """Return the numbers of a composed configuration, as plain values."""
    actor, rollout = values["actor_rollout_ref"]["actor"], values["actor_rollout_ref"]["rollout"]
    data, trainer, engine = values["data"], values["trainer"], actor["fsdp_config"]
    critic, mode = values["critic"]["fsdp"], trainer["v1"]["trainer_mode"]
    dynamic = actor["use_dynamic_bsz"]
    micro = 0 if dynamic else actor["ppo_micro_batch_size_per_gpu"] or 0
    longest = data["max_prompt_length"] + data["max_response_length"]
    fixed = (micro or 1) * longest // max(actor["ulysses_sequence_parallel_size"], 1)
    return RunNumbers(
        votes=values["ttrl"]["votes"],
        kept=rollout["n"],
        train=data["train_batch_size"],
        # verl's asynchronous trainers fetch one by one.
        fetch=1 if mode != "sync" else data["gen_batch_size"] or data["train_batch_size"],
        mini=actor["ppo_mini_batch_size"],
        micro=micro,
        log_prob_micro=0 if dynamic else rollout["log_prob_micro_batch_size_per_gpu"] or 0,
        epochs=trainer["total_epochs"],
        steps=trainer["total_training_steps"],
        prompt=data["max_prompt_length"],
        response=data["max_response_length"],
        context=rollout["max_model_len"],
        micro_tokens=actor["ppo_max_token_len_per_gpu"] if dynamic else fixed,
        gpus=trainer["nnodes"] * trainer["n_gpus_per_node"],
        tensor_parallel=rollout["tensor_model_parallel_size"],
        sequence_parallel=actor["ulysses_sequence_parallel_size"],
        share=rollout["gpu_memory_utilization"],
        releases=rollout["free_cache_engine"],
        actor_leaves=engine["param_offload"] and engine["optimizer_offload"],
        critic_leaves=critic["param_offload"] and critic["optimizer_offload"],
        weight_bytes=2 if engine["model_dtype"] in ("bf16", "bfloat16", "fp16", "float16") else 4,
        lora_rank=values["actor_rollout_ref"]["model"]["lora_rank"],
        reference=actor["use_kl_loss"] or values["algorithm"]["use_kl_in_reward"],
        critic=values["algorithm"]["adv_estimator"] == "gae",
        separate=mode == "separate_async",
    )


def skipped_questions(questions: int, fetch: int) -> int:
    """Return how many questions every epoch leaves out: what does not fill a fetch is dropped.

    Example:
        >>> skipped_questions(30, 8), skipped_questions(30, 1)
        (6, 0)
    """
    return questions % fetch


def total_steps(questions: int, numbers: RunNumbers) -> int:
    """Return how many steps a run takes: verl counts ``questions // train`` of them an epoch.

    Example, AIME 2024: 30 // 8 = 3 steps an epoch, 80 epochs, 240 steps.
    """
    return numbers.steps if numbers.steps is not None else questions // numbers.train * numbers.epochs


def visits(questions: int, numbers: RunNumbers) -> float:
    """Return how often a question is visited on average: steps x train / questions. AIME 2024: 240 x 8 / 30 = 64."""
    seen = questions - skipped_questions(questions, numbers.fetch)
    return total_steps(questions, numbers) * numbers.train / max(seen, 1)


def problems(numbers: RunNumbers) -> Iterator[str]:
    """Yield what does not fit, a line each: the key, what it is, what was expected.

    verl would say the same, some of it only when the GPUs are taken and the first batch has been generated.
    """
    n = numbers
    counted = {
        "data.train_batch_size": n.train,
        "data.gen_batch_size": n.fetch,
        "actor_rollout_ref.actor.ppo_mini_batch_size": n.mini,
        "actor_rollout_ref.rollout.n": n.kept,
        "trainer.nnodes x trainer.n_gpus_per_node": n.gpus,
        "tensor_model_parallel_size": n.tensor_parallel,
        "ulysses_sequence_parallel_size": n.sequence_parallel,
    }
    for key, value in counted.items():
        if value < 1:
            yield f"{key} is {value}; expected at least 1"
    if min(counted.values()) < 1:
        return
    replicas = n.gpus // n.sequence_parallel
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


def _micro_batches(n: RunNumbers, replicas: int) -> Iterator[str]:
    each = n.mini * n.kept // replicas
    if n.micro and each % n.micro:
        yield (
            f"ppo_micro_batch_size_per_gpu is {n.micro}; expected a divisor of the {each} responses a GPU per "
            "mini-batch"
        )
    # verl fills the last mini-batch with padding rows. separate_async computes these, too, for a mini-batch at a time.
    multiple = math.lcm(replicas, n.mini * n.kept)
    whole = each if n.separate else -(-n.train * n.kept // multiple) * multiple // replicas
    if n.log_prob_micro and whole % n.log_prob_micro:
        yield (
            f"log_prob_micro_batch_size_per_gpu is {n.log_prob_micro}; expected a divisor of the {whole} responses a "
            f"GPU per {'mini-batch' if n.separate else 'step'}"
        )


def separate_async_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what verl's ``separate_async`` trainer would refuse; nothing for the other modes."""
    if values["trainer"]["v1"]["trainer_mode"] != "separate_async":
        return
    numbers, rollout = run_numbers(values), values["actor_rollout_ref"]["rollout"]
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


def new_ray_problems(values: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield that the Ray which a run starts has fewer workers than the run takes: verl would wait for them for ever.

    Args:
        values: the composed configuration, as plain values.
        environment: of ``ray_address.joins``; a cluster that is there has the size that ``ray start`` was told.
    """
    ray_init = values["ray_kwargs"]["ray_init"]
    offered = ray_init.get("num_gpus")
    # A run on several nodes joins a cluster that is there, by its address or as a node of it.
    if offered is None or joins(ray_init, environment) or values["trainer"]["nnodes"] > 1:
        return
    numbers, rollout = run_numbers(values), values["actor_rollout_ref"]["rollout"]
    own = rollout["nnodes"] * rollout["n_gpus_per_node"] if numbers.separate else 0
    if offered < numbers.gpus + own:
        parts = f"{numbers.gpus} that train and {own} for vLLM" if own else f"{numbers.gpus} workers"
        yield f"ray_kwargs.ray_init.num_gpus is {offered}; expected {numbers.gpus + own}, {parts}"


def check_batches(values: Mapping[str, Any], numbers: RunNumbers) -> Iterator[Finding]:
    """Yield what does not fit in the batch arithmetic, or one line of it where all does."""
    found = [*problems(numbers), *separate_async_problems(values), *new_ray_problems(values, os.environ)]
    yield from (Finding("wrong", "batches", problem) for problem in found)
    if not found:
        n = numbers
        yield Finding(
            "ok",
            "batches",
            f"{n.train} questions x {n.votes} votes, {n.kept} kept, {n.mini} x {n.kept} a mini-batch, {n.gpus} workers",
        )


def check_epochs(questions: int, most: int, numbers: RunNumbers) -> Iterator[Finding]:
    """Yield whether the questions fill a step, what an epoch skips, and how often each is visited.

    Args:
        questions: in all training files together.
        most: ``data.train_max_samples``, negative for all.
        numbers: the run's.
    """
    used = min(questions, most) if most > 0 else questions
    if used < numbers.train:
        least = f"expected at least data.train_batch_size, {numbers.train}"
        said = (
            f"data.train_max_samples is {most}; {least}"
            if used < questions
            else f"data.train_files has {used} questions; {least}"
        )
        yield Finding("wrong", "epochs", said)
        return
    if skipped := skipped_questions(used, numbers.fetch):
        yield Finding(
            "warn",
            "epochs",
            f"{skipped} of {used} questions are skipped every epoch: data.gen_batch_size is {numbers.fetch}, and "
            "what does not fill it is dropped; data.gen_batch_size=1 skips none",
        )
    steps, each = total_steps(used, numbers), visits(used, numbers)
    yield Finding("ok", "epochs", f"{steps} steps, each question visited {each:.3g} times")
