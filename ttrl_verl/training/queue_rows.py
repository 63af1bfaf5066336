"""What of the group stage knows TransferQueue: responses are read as groups, and rewards written back.

A step of 1,024 prompts, 64 votes and 32,768 tokens a response holds 2 billion tokens. So what is the same for all
responses to a prompt is read once a prompt, lengths come from the tags, and a reward of 0.0, which is what the reward
manager left in the queue, is not written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import transfer_queue as tq
from tensordict import TensorDict
from transfer_queue import KVBatchMeta

from ttrl_verl.reward_fns import Group
from ttrl_verl.training.prompt_group import PromptGroup, sessions_by_prompt

CHUNK_TOKENS = 1 << 24
"""How many tokens of a field are in this process at once: 64 MiB of float32."""


def read_groups(batch: KVBatchMeta, *, log_probs: bool, label_of: Callable[[int], str | None]) -> list[PromptGroup]:
    """Return the groups, each in sampling order: the queue lists keys as they came in, short answers first.

    Args:
        batch: every response of the step, with its tags.
        log_probs: whether the reward looks at log-probabilities.
        label_of: what the reward is given as label, by the row's index: ``None`` but for the ``oracle`` control.

    Raises:
        RuntimeError: a row has a label, or was graded by another reward manager.
    """
    prompts = sessions_by_prompt(batch.keys)
    graded = [keys[-1] for sessions in prompts for keys in sessions]
    (extra_fields,) = _read(batch, graded, "extra_fields")
    extras = {key: _graded(fields) for key, fields in zip(graded, extra_fields, strict=True)}
    means = mean_log_probs(batch, graded) if log_probs else {}
    rules, infos = _read(batch, [sessions[0][-1] for sessions in prompts], "reward_model", "extra_info")
    groups = []
    for sessions, rule, info in zip(prompts, rules, infos, strict=True):
        if rule["ground_truth"] is not None:
            _refuse_label()
        keys = [outputs[-1] for outputs in sessions]
        group = Group(
            answers=tuple(extras[key]["answer"] for key in keys),
            log_probs=tuple(means[key] for key in keys) if log_probs else None,
            label=label_of(info["index"]),
        )
        groups.append(
            PromptGroup(
                index=info["index"],
                origin=info.get("origin"),
                lengths=tuple(extras[key]["length"] for key in keys),
                truncated=sum(extras[key]["truncated"] for key in keys),
                limited=sum(extras[key]["limited"] for key in keys),
                sessions=sessions,
                group=group,
            )
        )
    return groups


def _graded(extra_fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what our reward manager said of a response."""
    extra = extra_fields.get("reward_extra_info") or {}
    if "answer" not in extra:
        raise RuntimeError(
            "a response was not graded by ttrl_verl's reward manager; is reward.reward_manager.name registered with "
            "verl by another package, or reward.reward_model.enable on?"
        )
    if "acc" in extra:
        _refuse_label()  # and its score stands in the queue, where a reward of 0.0 is not written
    return extra


def _refuse_label() -> None:
    raise RuntimeError(
        "a training row reached the workers with a label; expected ground_truth None on every one "
        "(is data.custom_cls ttrl_verl's UnlabeledDataset?)"
    )


def mean_log_probs(batch: KVBatchMeta, keys: Sequence[str]) -> dict[str, float]:
    """Return the mean log-probability of each response's own tokens, nats a token, by key."""
    means = {}
    for chunk in _chunks(batch, keys):
        (rows,) = _read(batch, chunk, "rollout_log_probs")
        means |= {key: float(row.mean()) for key, row in zip(chunk, rows, strict=True)}
    return means


def write_rewards(batch: KVBatchMeta, reward_of: Mapping[str, float]) -> KVBatchMeta:
    """Write each kept response's reward on its own last token, and clear the others from the queue.

    Args:
        batch: every response of the step, with its tags.
        reward_of: the rewards of what is kept, by key.

    Returns:
        The kept responses, in the batch's order.
    """
    kept = batch.select_keys(list(reward_of))
    lengths = _lengths(batch)
    for chunk in _chunks(batch, [key for key in kept.keys if reward_of[key] != 0.0]):
        scores = [torch.zeros(lengths[key]) for key in chunk]
        for key, row in zip(chunk, scores, strict=True):
            row[-1] = reward_of[key]
        fields = TensorDict({"rm_scores": torch.nested.as_nested_tensor(scores, layout=torch.jagged)}, len(scores))
        tq.kv_batch_put(keys=chunk, partition_id=batch.partition_id, fields=fields)
    dropped = [key for key in batch.keys if key not in reward_of]
    if dropped:
        tq.kv_clear(keys=dropped, partition_id=batch.partition_id)
    return kept


def _read(batch: KVBatchMeta, keys: Sequence[str], *fields: str) -> list[list[Any]]:
    """Return the fields, each as a list in the order of the keys."""
    data = tq.kv_batch_get(keys=list(keys), partition_id=batch.partition_id, select_fields=list(fields))
    return [_unwrap(data[field]) for field in fields]


def _lengths(batch: KVBatchMeta) -> dict[str, int]:
    """Return how many tokens each response has, as the agent loop's worker noted."""
    return {key: tag["response_len"] for key, tag in zip(batch.keys, batch.tags, strict=True)}


def _chunks(batch: KVBatchMeta, keys: Sequence[str]) -> Iterator[list[str]]:
    """Yield the keys in order, as many at a time as have at most ``CHUNK_TOKENS`` tokens, but one at least."""
    lengths = _lengths(batch)
    chunk: list[str] = []
    tokens = 0
    for key in keys:
        if chunk and tokens + lengths[key] > CHUNK_TOKENS:
            yield chunk
            chunk, tokens = [], 0
        chunk.append(key)
        tokens += lengths[key]
    if chunk:
        yield chunk


def _unwrap(field: Any) -> list[Any]:
    """Return a field of TransferQueue as a list; its non-tensor values come in tensordict's wrappers."""
    values = field.unbind() if isinstance(field, torch.Tensor) else field
    return [getattr(value, "data", value) if not isinstance(value, torch.Tensor) else value for value in values]
