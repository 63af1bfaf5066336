"""The per-group half of a reward: verl's replay buffer, at the moment when a prompt's responses are together.

``trainer.v1.sampler.custom_sampler`` names ``build_group_stage``. What verl then trains on is what ``sample`` returns:
the first ``rollout.n`` responses of each group in sampling order, with rewards that the whole group's answers earned.
It runs before any log-probability is computed, so responses that only vote cost no training.
"""

import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transfer_queue as tq
from omegaconf import OmegaConf
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer, ReplayBufferAsync

from ttrl_verl.config import check_run, parse_ttrl_config
from ttrl_verl.record.layout import TENSORBOARD
from ttrl_verl.record.write import RunWriter
from ttrl_verl.reward_fns import NEEDS_LABEL, USES_LOG_PROBS, Group, get_reward_fn
from ttrl_verl.reward_fns.metrics import label_metrics, top_answer_share, vote_metrics
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers, majority_vote
from ttrl_verl.training.labels import label_of
from ttrl_verl.training.prompts import prompt_of
from ttrl_verl.training.stop import end_after_next_step


def build_group_stage(**kwargs: Any) -> ReplayBuffer:
    """Return the group stage for the trainer that asks: synchronous, or one of the two asynchronous ones.

    Raises:
        InputError: the section ``ttrl:`` or the reward is not what was expected.
    """
    stage = GroupStage if kwargs["trainer_mode"] == "sync" else GroupStageAsync
    return stage(**kwargs)


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """The responses to one prompt that reached the buffer.

    Attributes:
        index: the row's ``extra_info.index``.
        origin: where the row came from, ``file:line``.
        lengths: of each response, in tokens, in sampling order.
        truncated: how many responses were cut off at the length limit.
        limited: how many answers ran past a grading limit.
        sessions: the keys of each response in TransferQueue, in sampling order. An agent loop with several outputs has
            several keys a response; the last one is graded.
        group: what the reward function sees.
    """

    index: int
    origin: str | None
    lengths: tuple[int, ...]
    truncated: float
    limited: float
    sessions: tuple[tuple[str, ...], ...]
    group: Group


class GroupStageMixin:
    """Vote on every training batch that the buffer samples. Validation passes through untouched."""

    def __init__(self, sampler_kwargs: Any, **kwargs: Any) -> None:
        options = OmegaConf.to_container(sampler_kwargs, resolve=True)
        folder = Path(options.pop("run_dir")).absolute()
        self._ttrl = parse_ttrl_config(options.pop("ttrl"))
        check_run(self._ttrl, **options)
        self._reward_name: str = options["reward"]
        self._kept: int = options["kept"]
        self._log_probs: bool = options["log_probs"] and self._reward_name in USES_LOG_PROBS
        self._reward_fn = get_reward_fn(self._reward_name, **(self._ttrl.reward_options or {}))
        self._answer_type = self._ttrl.build_answer_type()
        self._refill_fn = kwargs["refill_fn"]
        self._stopping = False
        # verl hands a sampler its own section alone; what was run is the whole.
        config = OmegaConf.to_container(sampler_kwargs._get_root(), resolve=True)
        self._writer = RunWriter(folder, config, self._ttrl)
        # verl's loggers, built later in this process, ask the environment; the file logger empties its file first, so
        # each attempt has its own. What a user has set wins.
        os.environ.setdefault("VERL_FILE_LOGGER_PATH", str(self._writer.metrics_path))
        os.environ.setdefault("TENSORBOARD_DIR", str(folder / TENSORBOARD / self._writer.metrics_path.stem))
        super().__init__(sampler_kwargs=sampler_kwargs, poll_interval=self._ttrl.poll_interval, **kwargs)

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[KVBatchMeta, dict]:
        """Wait for a batch as verl does, then vote, reward, and keep the first responses of each group.

        Returns:
            The kept responses, and verl's metrics with those under ``ttrl/``.
        """
        batch, metrics = super().sample(global_steps, partition_id, batch_size)
        if partition_id != "train":
            return batch, metrics
        started = time.perf_counter()
        groups = self._read_groups(batch)
        rewards = [self._reward_fn(group.group) for group in groups]
        kept = self._write_rewards(batch, groups, rewards)
        rows = [self._row(global_steps, *pair) for pair in zip(groups, rewards, strict=True)]
        # Labels are looked at from here on, where no reward is left to write.
        metrics.update(self._metrics(groups, rewards))
        metrics.update(self._record(global_steps, rows))
        metrics["ttrl/missing_responses"] = float(batch_size * self._ttrl.votes - sum(g.group.size for g in groups))
        metrics["ttrl/queue_leftover"] = float(self._leftover(batch))
        metrics["ttrl/group_stage_seconds"] = time.perf_counter() - started
        return kept, metrics

    def _read_groups(self, batch: KVBatchMeta) -> list[PromptGroup]:
        """Return the groups, each in sampling order: the queue lists keys as they came in, short answers first."""
        fields = ["extra_fields", "reward_model", "extra_info"]
        if self._log_probs:
            fields.append("rollout_log_probs")
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        rows = dict(zip(batch.keys, zip(*(_unwrap(data[field]) for field in fields), strict=True), strict=True))
        groups = []
        for sessions in sessions_by_prompt(batch.keys):
            graded = [dict(zip(fields, rows[keys[-1]], strict=True)) for keys in sessions]
            self._refuse_labels(graded)
            index = graded[0]["extra_info"]["index"]
            extras = [row["extra_fields"]["reward_extra_info"] for row in graded]
            groups.append(
                PromptGroup(
                    index=index,
                    origin=graded[0]["extra_info"].get("origin"),
                    lengths=tuple(extra["length"] for extra in extras),
                    truncated=sum(extra["truncated"] for extra in extras),
                    limited=sum(extra["limited"] for extra in extras),
                    sessions=sessions,
                    group=self._group(graded, index),
                )
            )
        return groups

    def _group(self, graded: Sequence[dict[str, Any]], index: int) -> Group:
        answers = tuple(row["extra_fields"]["reward_extra_info"]["answer"] for row in graded)
        log_probs = None
        if self._log_probs:
            log_probs = tuple(float(row["rollout_log_probs"].mean()) for row in graded)
        label = self._canonical_label(index) if self._reward_name in NEEDS_LABEL else None
        return Group(answers=answers, log_probs=log_probs, label=label)

    def _refuse_labels(self, graded: Sequence[dict[str, Any]]) -> None:
        if any(row["reward_model"]["ground_truth"] is not None for row in graded):
            raise RuntimeError(
                "a training row reached the workers with a label; expected ground_truth None on every one "
                "(is data.custom_cls ttrl_verl's UnlabeledDataset?)"
            )

    def _write_rewards(
        self, batch: KVBatchMeta, groups: Sequence[PromptGroup], rewards: Sequence[Sequence[float]]
    ) -> KVBatchMeta:
        """Write each kept response's reward on its own last token, and clear the others from the queue."""
        reward_of = {
            key: reward
            for group, group_rewards in zip(groups, rewards, strict=True)
            for keys, reward in zip(group.sessions[: self._kept], group_rewards, strict=False)
            for key in keys
        }
        kept = batch.select_keys(list(reward_of))
        old = tq.kv_batch_get(keys=kept.keys, partition_id=kept.partition_id, select_fields=["rm_scores"])["rm_scores"]
        scores = []
        for key, score in zip(kept.keys, old.unbind(), strict=True):
            row = torch.zeros_like(score)
            row[-1] = reward_of[key]
            scores.append(row)
        fields = TensorDict({"rm_scores": torch.nested.as_nested_tensor(scores, layout=torch.jagged)}, len(scores))
        tq.kv_batch_put(keys=kept.keys, partition_id=kept.partition_id, fields=fields)
        dropped = [key for key in batch.keys if key not in reward_of]
        if dropped:
            tq.kv_clear(keys=dropped, partition_id=batch.partition_id)
        return kept

    def _metrics(self, groups: Sequence[PromptGroup], rewards: Sequence[Sequence[float]]) -> dict[str, float]:
        """Return the step's metrics: means over its groups."""
        values: dict[str, list[float]] = defaultdict(list)
        for group, group_rewards in zip(groups, rewards, strict=True):
            metrics = vote_metrics(group.group, group_rewards, self._kept)
            metrics["truncated_ratio"] = group.truncated / group.group.size
            metrics["limited_ratio"] = group.limited / group.group.size
            label = self._canonical_label(group.index)
            if label is not None:
                metrics |= label_metrics(group.group, group_rewards, label, self._kept)
            for name, value in metrics.items():
                values[f"ttrl/{name}"].append(value)
        means = {name: sum(of_groups) / len(of_groups) for name, of_groups in values.items()}
        means["ttrl/top_answer_share"] = top_answer_share([group.group for group in groups])
        means["ttrl/votes"] = float(sum(group.group.size for group in groups))
        means["ttrl/kept"] = float(sum(min(self._kept, group.group.size) for group in groups))
        return means

    def _row(self, step: int, group: PromptGroup, rewards: Sequence[float]) -> dict[str, Any]:
        """Return a group as the record has it, without its label."""
        answers = group.group.answers
        vote = majority_vote(answers)
        question, data_source = prompt_of(group.index)
        return {
            "step": step,
            "index": group.index,
            "uid": group.sessions[0][0].rsplit("_", 2)[0],
            "data_source": data_source,
            "origin": group.origin,
            "question": question,
            "answers": answers,
            "rewards": list(rewards),
            "lengths": group.lengths,
            "kept": min(self._kept, group.group.size),
            "missing": max(self._ttrl.votes - group.group.size, 0),
            "pseudo_label": vote.label,
            "majority_ratio": vote.majority_ratio,
            "answer_entropy": answer_entropy(answers),
            "distinct_answers": len(count_answers(answers)),
            "unparsed": answers.count(None),
            "truncated": int(group.truncated),
            "limited": int(group.limited),
        }

    def _record(self, step: int, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        """Put the step on record, with its labels, and do what an alarm says."""
        started = time.perf_counter()
        metrics = self._writer.record(step, rows, [self._verdict(row) for row in rows])
        if self._writer.stop_asked and not self._stopping:
            self._stopping = True
            end_after_next_step(self._refill_fn, step)
        return {**metrics, "ttrl/record_seconds": time.perf_counter() - started}

    def _verdict(self, row: Mapping[str, Any]) -> dict[str, Any]:
        label = self._canonical_label(row["index"])
        return {"label": label, "label_correct": None if label is None else row["pseudo_label"] == label}

    def _canonical_label(self, index: int) -> str | None:
        label = label_of(index)
        return None if label is None else self._answer_type.canonicalize(label)

    def _leftover(self, batch: KVBatchMeta) -> int:
        """Return how many responses of earlier steps are still in the queue: anything but 0 is a leak."""
        alive = {key.split("_")[0] for key in batch.keys}
        for keys in (self.pending_keys, self.running_keys, self.finished_keys, self.failure_keys):
            alive |= keys["train"]
        return sum(key.split("_")[0] not in alive for key in self.partitions["train"])


class GroupStage(GroupStageMixin, ReplayBuffer):
    """The group stage of the synchronous trainer."""


class GroupStageAsync(GroupStageMixin, ReplayBufferAsync):
    """The group stage of the asynchronous trainers."""


def sessions_by_prompt(keys: Sequence[str]) -> list[tuple[tuple[str, ...], ...]]:
    """Return, for each prompt, the keys of each of its responses, in sampling order.

    Args:
        keys: ``{uid}_{session}_{output}``, in any order.

    Example:
        >>> sessions_by_prompt(["a_10_0", "a_2_1", "b_0_0", "a_2_0"])
        [(('a_2_0', 'a_2_1'), ('a_10_0',)), (('b_0_0',),)]
    """
    prompts: dict[str, dict[int, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        uid, session, output = key.rsplit("_", 2)
        prompts[uid][int(session)].append((int(output), key))
    return [
        tuple(tuple(key for _, key in sorted(outputs)) for _, outputs in sorted(sessions.items()))
        for sessions in prompts.values()
    ]


def _unwrap(field: Any) -> list[Any]:
    """Return a field of TransferQueue as a list; its non-tensor values come in tensordict's wrappers."""
    values = field.unbind() if isinstance(field, torch.Tensor) else field
    return [getattr(value, "data", value) if not isinstance(value, torch.Tensor) else value for value in values]
