"""Loaded into the processes of a run by ``VERL_USE_EXTERNAL_MODULES=observer``: writes down what the trainer saw.

It replaces nothing: it wraps functions of the group stage, of the trainer and of TransferQueue, and records what goes
in and what comes out, as lines of JSON in the file that ``TTRL_OBSERVER_FILE`` names.
"""

import json
import multiprocessing.spawn
import os
from types import ModuleType

import wrapt


def write(**record: object) -> None:
    record["forked"] = "/ttrl-verl-" in os.fsdecode(multiprocessing.spawn.get_executable())  # by cpu.forks
    with open(os.environ["TTRL_OBSERVER_FILE"], "a") as file:
        file.write(json.dumps(record) + "\n")


def _unwrapped(field: object) -> list:
    return [getattr(value, "data", value) for value in field]


def _read_groups(wrapped, instance, args, kwargs):
    """Every response that voted, before the ones that are not kept are cleared; some left no token in the queue."""
    import transfer_queue as tq

    batch = args[0]
    data = tq.kv_batch_get(
        keys=batch.keys, partition_id="train", select_fields=["extra_fields", "reward_model", "extra_info"]
    )
    whole = [key for key, tag in zip(batch.keys, batch.tags, strict=True) if not tag.get("only_votes")]
    responses = tq.kv_batch_get(keys=whole, partition_id="train", select_fields=["responses"])["responses"].unbind()
    tokens_of = {key: tokens.tolist() for key, tokens in zip(whole, responses, strict=True)}
    rows = zip(
        batch.keys,
        batch.tags,
        _unwrapped(data["extra_fields"]),
        _unwrapped(data["reward_model"]),
        _unwrapped(data["extra_info"]),
        strict=True,
    )
    votes = [
        {
            "key": key,
            "tokens": tokens_of.get(key),
            "length": tag["response_len"],
            "answer": extra["reward_extra_info"]["answer"],
            "reward_model": rule,
            "index": info["index"],
        }
        for key, tag, extra, rule, info in rows
    ]
    write(kind="votes", votes=votes)
    return wrapped(*args, **kwargs)


def _sample(wrapped, instance, args, kwargs):
    """What goes on to the trainer: the kept keys, and the scores that stand in the queue for them."""
    import transfer_queue as tq

    batch, metrics = wrapped(*args, **kwargs)
    if batch.partition_id == "train":
        data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=["rm_scores", "responses"])
        lengths = [len(tokens) for tokens in data["responses"].unbind()]
        scores = [score.tolist() for score in data["rm_scores"].unbind()]
        in_queue = sorted(key for key in tq.kv_list("train").get("train", {}) if "_" in key)
        write(kind="kept", keys=list(batch.keys), lengths=lengths, scores=scores, in_queue=in_queue, metrics=metrics)
    return batch, metrics


def _compute_advantage(wrapped, instance, args, kwargs):
    """The rollout's and the actor's log-probabilities of the same tokens."""
    import transfer_queue as tq

    batch = args[0]
    fields = ["rollout_log_probs", "old_log_probs", "prompts", "responses"]
    data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=fields)
    difference = (data["rollout_log_probs"].values() - data["old_log_probs"].values()).abs().mean().item()
    rows = zip(*(data[field].unbind() for field in ("prompts", "responses", "rollout_log_probs")), strict=True)
    samples = [[part.tolist() for part in row] for row in rows]
    actor = [part.tolist() for part in data["old_log_probs"].unbind()]
    write(kind="log_probs", keys=list(batch.keys), mean_absolute_difference=difference, samples=samples, actor=actor)
    if batch.partition_id == "train" and os.environ.get("TTRL_OBSERVE_ENTROPIES"):
        data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=["prompts", "responses", "entropy"])
        rows = zip(*(data[field].unbind() for field in ("prompts", "responses", "entropy")), strict=True)
        write(kind="entropies", samples=[[part.tolist() for part in row] for row in rows])
    return wrapped(*args, **kwargs)


def _close(wrapped, instance, args, kwargs):
    """What is left in the queue when the trainer has finished."""
    import transfer_queue as tq

    left = {partition: sorted(keys) for partition, keys in (tq.kv_list() or {}).items() if keys}
    write(kind="end", left=left)
    return wrapped(*args, **kwargs)


def _abort_requests(wrapped, instance, args, kwargs):
    """The requests that vLLM ended before their last token."""
    aborted = wrapped(*args, **kwargs)
    if aborted:
        write(kind="aborted", requests=len(aborted))
    return aborted


def _observe_vllm(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "OutputProcessor.abort_requests", _abort_requests)


def _start_engine(wrapped, instance, args, kwargs):
    write(kind="engine", pid=os.getpid())
    return wrapped(*args, **kwargs)


def _observe_engine(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "EngineCore.__init__", _start_engine)


def _observe_group_stage(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "GroupStageMixin._read_groups", _read_groups)
    wrapt.wrap_function_wrapper(module, "GroupStageMixin.sample", _sample)


def _observe_trainer(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "PPOTrainer._compute_advantage", _compute_advantage)


def _observe_queue(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "close", _close)


wrapt.register_post_import_hook(_observe_group_stage, "ttrl_verl.training.group_stage")
wrapt.register_post_import_hook(_observe_trainer, "verl.trainer.ppo.v1.trainer_base")
wrapt.register_post_import_hook(_observe_queue, "transfer_queue")
wrapt.register_post_import_hook(_observe_engine, "vllm.v1.engine.core")
wrapt.register_post_import_hook(_observe_vllm, "vllm.v1.engine.output_processor")
