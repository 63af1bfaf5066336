"""What of the group stage knows TransferQueue: responses are read as groups, and rewards written back.

A step of 1,024 prompts, 64 votes and 32,768 tokens a response holds 2 billion tokens. So what is the same for all
responses to a prompt is read once a prompt, lengths come from the tags, and a reward of 0.0, which is what the reward
manager left in the queue, is not written.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import transfer_queue as tq
from tensordict import TensorDict
from transfer_queue import KVBatchMeta

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.group import Visit
from ttrl_verl.training.prompt_group import PromptGroup, sessions_by_prompt, uid_of

CHUNK_TOKENS = 1 << 24
"""How many tokens of a field are in this process at once: 64 MiB of float32."""


def prompt_tags(uids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what verl and its workers noted of each prompt in the training partition."""
    tags = (tq.kv_list(partition_id="train") or {}).get("train", {})
    return {uid: tags[uid] for uid in uids}


def read_groups(
    batch: KVBatchMeta,
    wanted: Collection[str],
    *,
    step: int = 0,
    label_of: Callable[[int], str | None] | None = None,
    question_of: Callable[[int], str | None] | None = None,
    histories_of: Callable[[Collection[int]], Mapping[int, tuple[Visit, ...]]] | None = None,
    prior_of: Callable[[str], Mapping[str, float]] | None = None,
    views: int = 0,
) -> list[PromptGroup]:
    """Return the groups, each in sampling order: the queue lists keys as they came in, short answers first.

    Args:
        batch: every response of the step, with its tags.
        wanted: the fields of ``Group`` that the reward looks at, beside the answers.
        step: the training step.
        label_of: the label by the row's index; asked for the ``oracle`` control alone.
        question_of: the question by the row's index.
        views: in how many views the step's prompts were asked, in turn.
        prior_of: a frozen model's vote shares by the row's origin.
        histories_of: the earlier visits by the row's index, for all of the step's at once.

    Raises:
        RuntimeError: a row has a label, or was graded by another reward manager.
    """
    prompts = sessions_by_prompt(batch.keys)
    if not prompts:
        return []
    graded = [keys[-1] for sessions in prompts for keys in sessions]
    (extra_fields,) = _read(batch, graded, "extra_fields")
    extras = {key: _graded(fields) for key, fields in zip(graded, extra_fields, strict=True)}
    only_vote = {key for key, tag in zip(batch.keys, batch.tags, strict=True) if tag.get("only_votes")}
    log_probs = {}
    if _LOG_PROBS & {*wanted}:
        log_probs = {key: LogProbs(extras[key]["log_prob"], ()) for key in graded if key in only_vote}
        with_tokens = [key for key in graded if key not in only_vote]
        log_probs |= response_log_probs(batch, with_tokens, "token_log_probs" in wanted)
    rules, infos = _read(batch, [sessions[0][-1] for sessions in prompts], "reward_model", "extra_info")
    histories = histories_of([info["index"] for info in infos]) if "history" in wanted else {}
    groups = []
    for sessions, rule, info in zip(prompts, rules, infos, strict=True):
        if rule["ground_truth"] is not None:
            _refuse_label()
        keys = [outputs[-1] for outputs in sessions]
        fill = {
            "log_probs": lambda keys=keys: tuple(log_probs[key].mean for key in keys),
            "token_log_probs": lambda keys=keys: tuple(log_probs[key].tokens for key in keys),
            "texts": lambda keys=keys: tuple(extras[key]["text"] for key in keys),
            "lengths": lambda keys=keys: tuple(extras[key]["length"] for key in keys),
            "checks": lambda keys=keys: tuple(extras[key]["check"] for key in keys),
            "question": lambda info=info: question_of(info["index"]),
            "index": lambda info=info: info["index"],
            "step": lambda: step,
            "views": lambda keys=keys: tuple(int(key.rsplit("_", 2)[1]) % views for key in keys),
            "prior": lambda info=info: prior_of(info["origin"]),
            "history": lambda info=info: histories[info["index"]],
            "label": lambda info=info: label_of(info["index"]),
        }
        answers = tuple(extras[key]["answer"] for key in keys)
        group = Group(answers=answers, **{name: fill[name]() for name in wanted})
        groups.append(
            PromptGroup(
                uid=uid_of(keys[0]),
                index=info["index"],
                origin=info.get("origin"),
                lengths=tuple(extras[key]["length"] for key in keys),
                truncated=sum(extras[key]["truncated"] for key in keys),
                limited=sum(extras[key]["limited"] for key in keys),
                sessions=sessions,
                group=group,
                check_failures=tuple(failed for key in keys if (failed := extras[key].get("check_failed"))),
                carried=_carried(keys, only_vote),
            )
        )
    return groups


def _carried(keys: Sequence[str], only_vote: Collection[str]) -> tuple[int, ...] | None:
    """Return the places of the responses that have their tokens; ``None`` for all."""
    places = tuple(place for place, key in enumerate(keys) if key not in only_vote)
    return None if len(places) == len(keys) else places


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


_LOG_PROBS = {"log_probs", "token_log_probs"}


class LogProbs(NamedTuple):
    """The log-probabilities of a response's own tokens: their mean, nats a token, and, where asked for, each."""

    mean: float
    tokens: tuple[float, ...]


def response_log_probs(batch: KVBatchMeta, keys: Sequence[str], each: bool = False) -> dict[str, LogProbs]:
    """Return the log-probabilities of each response, by key; those of its tokens only where ``each`` asks for them."""
    found = {}
    for chunk in _chunks(batch, keys):
        (rows,) = _read(batch, chunk, "rollout_log_probs")
        for key, row in zip(chunk, rows, strict=True):
            found[key] = LogProbs(float(row.mean()), tuple(row.tolist()) if each else ())
    return found


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
        fields = _on_last_tokens([reward_of[key] for key in chunk], [lengths[key] for key in chunk])
        tq.kv_batch_put(keys=chunk, partition_id=batch.partition_id, fields=fields)
    dropped = [key for key in batch.keys if key not in reward_of]
    if dropped:
        tq.kv_clear(keys=dropped, partition_id=batch.partition_id)
    return kept


def replace_rewards(keys: Sequence[str], partition: str, rewards: Mapping[str, tuple[float, int]]) -> None:
    """Write other rewards than before for responses that are kept, each on its last token.

    Args:
        keys: of the responses.
        partition: of the queue.
        rewards: by key the reward, and how many tokens the response has.
    """
    fields = _on_last_tokens(*zip(*(rewards[key] for key in keys), strict=True))
    tq.kv_batch_put(keys=list(keys), partition_id=partition, fields=fields)


def _on_last_tokens(rewards: Sequence[float], lengths: Sequence[int]) -> TensorDict:
    """Return the field of rewards: 0 on each token of a response but its last, all responses in one piece of memory."""
    if 0 in lengths:
        raise IndexError("a response without a token has none to bear its reward")
    offsets = torch.zeros(len(lengths) + 1, dtype=torch.int64)
    offsets[1:] = torch.tensor(lengths).cumsum(0)
    values = torch.zeros(int(offsets[-1]))
    values[offsets[1:] - 1] = torch.tensor(rewards, dtype=values.dtype)
    scores = torch.nested.nested_tensor_from_jagged(values, offsets)
    return TensorDict({"rm_scores": scores}, len(lengths))


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
