"""The per-group half of a reward: verl's replay buffer, at the moment when a prompt's responses are together.

``trainer.v1.sampler.custom_sampler`` names ``build_group_stage``. What verl then trains on is what ``sample`` returns:
``rollout.n`` responses of each group, by the rule of ``ttrl.keep``, with rewards that the whole group's answers earned.
It runs before any log-probability is computed, so responses that only vote cost no training.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from transfer_queue import KVBatchMeta
from verl.experimental.reward_loop.reward_manager.registry import get_reward_manager_cls
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer

from ttrl_verl.errors import InputError
from ttrl_verl.hooks import untested
from ttrl_verl.record.earlier import EarlierVisits
from ttrl_verl.record.layout import TENSORBOARD
from ttrl_verl.record.prior import load_prior
from ttrl_verl.record.write import RunWriter
from ttrl_verl.reward_fns.answers.row_type import of_row
from ttrl_verl.reward_fns.group import LATE
from ttrl_verl.reward_fns.judge import Judge, Judgement
from ttrl_verl.stage_options import parse_stage_options
from ttrl_verl.training.driver_store import label_of, question_of, type_of, whole_question_of
from ttrl_verl.training.failures import AsyncFailures, SyncFailures
from ttrl_verl.training.prompt_group import (
    PromptGroup,
    audit_row,
    earns_nothing,
    rewards_and_weights,
    skipped,
    step_metrics,
    with_entropies,
)
from ttrl_verl.training.queue_rows import read_groups, replace_rewards, write_rewards
from ttrl_verl.training.reward_manager import AnswerRewardManager
from ttrl_verl.training.stop import end_after_next_step
from ttrl_verl.training.teaching import Teaching, filter_settings, passed_over_at_most
from ttrl_verl.training.weights import Entropies, multiply_advantages, when_entropies_are_known

_logger = logging.getLogger(__name__)


def build_group_stage(**kwargs: Any) -> ReplayBuffer:
    """Return the group stage for the trainer that asks: synchronous, or one of the two asynchronous ones.

    Raises:
        InputError: the section ``ttrl:``, the stage's options or the reward are not what was expected.
    """
    for sentence in untested():
        _logger.warning(sentence)
    stage = GroupStage if kwargs["trainer_mode"] == "sync" else GroupStageAsync
    return stage(**kwargs)


def _check_manager(reward: str) -> None:
    """Check that the reward workers grade with our manager: a name that was taken is left to who took it."""
    manager = get_reward_manager_cls(reward)
    if manager is not AnswerRewardManager:
        raise InputError(
            f"reward.reward_manager.name is {reward}, which {manager.__module__}.{manager.__qualname__} has registered "
            "with verl; register that under another name"
        )


class GroupStageMixin:
    """Vote on every training batch that the buffer samples. Validation passes through untouched."""

    def __init__(self, sampler_kwargs: Any, **kwargs: Any) -> None:
        options = parse_stage_options(OmegaConf.to_container(sampler_kwargs, resolve=True))
        _check_manager(options.reward)
        folder = Path(options.run_dir).absolute()
        self._ttrl = options.ttrl
        self._kept = options.kept
        self._judge = Judge(self._ttrl.build_rewards(options.reward), options.kept, self._ttrl.keep)
        self._fields = self._judge.fields & self._ttrl.given_fields(log_probs=options.log_probs) - {*LATE}
        self._fields |= {"views"} if self._ttrl.views else set()  # for the metrics, whatever the reward
        self._answer_type = self._ttrl.build_answer_type()
        self._refill_fn = kwargs["refill_fn"]
        self._in_parts = kwargs["trainer_mode"] == "separate_async"  # a step is sampled mini-batch by mini-batch
        self._stopping = False
        self._uids_of_step: tuple[int, set[str]] = (0, set())  # what this step has been sampled
        self._earlier = EarlierVisits(folder, self._ttrl.history)
        # verl hands a sampler its own section alone; what was run is the whole.
        config = OmegaConf.to_container(sampler_kwargs._get_root(), resolve=True)
        self._prior = None if self._ttrl.prior is None else load_prior(self._ttrl, config["data"]["train_files"])
        filters = filter_settings(config, synchronous=kwargs["trainer_mode"] == "sync")
        self._pass_at_most = passed_over_at_most(config, self._ttrl.max_refills)
        self._writer = RunWriter(folder, config, self._ttrl)
        # verl's loggers, built later in this process, ask the environment; the file logger empties its file first, so
        # each attempt has its own. What a user has set wins.
        os.environ.setdefault("VERL_FILE_LOGGER_PATH", str(self._writer.metrics_path))
        os.environ.setdefault("TENSORBOARD_DIR", str(folder / TENSORBOARD / self._writer.metrics_path.stem))
        super().__init__(sampler_kwargs=sampler_kwargs, poll_interval=self._ttrl.poll_interval, **filters, **kwargs)

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[KVBatchMeta, dict]:
        """Wait for a batch as verl does, then vote, reward, and keep some responses of each group.

        Returns:
            The kept responses, and verl's metrics with those under ``ttrl/``.
        """
        batch, metrics = super().sample(global_steps, partition_id, batch_size)
        if partition_id != "train":
            return batch, metrics
        started = time.perf_counter()
        groups = self._read_groups(batch, global_steps, self._sampled)
        judged = [self._first_judgement(global_steps, group) for group in groups]
        kept = self._write_rewards(batch, groups, judged)
        silent, evicted = self._silent(self._sampled, groups), self._take_evicted()
        nothing = [self._row(global_steps, group, earns_nothing(group, 0)) for group in [*silent, *evicted]]
        passed, in_vain = self._take_passed_over()
        nothing += [self._row(global_steps, group, skipped(judgement)) for group, judgement in passed]
        if in_vain:
            self._tell_nothing_teaches(global_steps, len(passed))
        if self._judge.late:
            when_entropies_are_known(
                lambda entropies: self._judged_late(global_steps, groups, judged, nothing, entropies)
            )
        else:
            metrics.update(self._told(global_steps, groups, judged, nothing))
        metrics.update(self._tell_failures(global_steps, [*groups, *silent], evicted))
        metrics["ttrl/passed_over"] = float(len(passed))
        if self._uids_of_step[0] != global_steps:
            self._uids_of_step = global_steps, set()
        metrics["ttrl/queue_leftover"] = float(self._leftover(batch))
        metrics["ttrl/group_stage_seconds"] = time.perf_counter() - started
        return kept, metrics

    def _told(
        self,
        step: int,
        groups: Sequence[PromptGroup],
        judged: Sequence[Judgement],
        nothing: Sequence[Mapping[str, Any]],
    ) -> dict[str, float]:
        """Put a step on record, with the rows of the groups that earn nothing, and return its metrics."""
        rows = [self._row(step, *pair) for pair in zip(groups, judged, strict=True)]
        # Labels are looked at from here on, where no reward is left to write.
        metrics = step_metrics(groups, judged, self._canonical_label) | self._record(step, [*rows, *nothing])
        if self._in_parts and self._writer.stats is not None:  # a part may be a single prompt
            metrics["ttrl/top_answer_share"] = self._writer.stats.top_answer_share
        return metrics

    def _judged_late(
        self,
        step: int,
        groups: Sequence[PromptGroup],
        judged: Sequence[Judgement],
        nothing: Sequence[Mapping[str, Any]],
        entropies: Entropies,
    ) -> dict[str, float]:
        """Add the rewards that waited for entropies, and tell of the step."""
        both = [
            self._judge.again(one, with_entropies(group, entropies), f"step {step}, {group.origin}")
            if self._votes(group)
            else one
            for group, one in zip(groups, judged, strict=True)
        ]
        rewards, weights = rewards_and_weights(groups, both)
        replace_rewards([*rewards], "train", {key: (reward, len(entropies[key])) for key, reward in rewards.items()})
        multiply_advantages(weights)
        return self._told(step, groups, both, nothing)

    def _judgement(self, step: int, group: PromptGroup) -> Judgement:
        """Judge a group; one with too few responses to vote earns nothing."""
        if not self._votes(group):
            return earns_nothing(group, self._kept)
        return self._judge(group.group, f"step {step}, {group.origin}", group.carried)

    def _give_up(self, step: int, failed: Sequence[PromptGroup]) -> None:
        """Put on record what failed in a step that cannot be trained, before the run ends."""
        self._record(step, [self._row(step, group, earns_nothing(group, 0)) for group in failed])

    def _read_groups(self, batch: KVBatchMeta, step: int, tags: Mapping[str, Mapping[str, Any]]) -> list[PromptGroup]:
        """Return the groups; what the agent loop's workers noted of a prompt's vote stands in its tags."""
        groups = read_groups(
            batch,
            self._fields,
            step=step,
            label_of=self._canonical_label,
            question_of=whole_question_of,
            views=len(self._ttrl.views or ()),
            prior_of=None if self._prior is None else self._prior.shares,
            histories_of=lambda indices: self._earlier.before(step, indices),
        )
        noted = [tags.get(group.uid, {}) for group in groups]
        return [
            replace(group, cut=tag.get("cut", 0), tokens_saved=tag.get("tokens_saved", 0))
            for group, tag in zip(groups, noted, strict=True)
        ]

    def _write_rewards(
        self, batch: KVBatchMeta, groups: Sequence[PromptGroup], judged: Sequence[Judgement]
    ) -> KVBatchMeta:
        """Write the rewards of the responses that are kept, and clear the others."""
        rewards, weights = rewards_and_weights(groups, judged)
        multiply_advantages(weights)
        return write_rewards(batch, rewards)

    def _tell_nothing_teaches(self, step: int, passed: int) -> None:
        """Raise the alarm: the step's bound on other questions is used up."""
        self._writer.raise_alarm(
            step,
            "nothing_teaches",
            float(passed),
            float(self._pass_at_most),
            f"{passed} groups whose kept rewards are all equal were passed over in one step, as many as may be "
            "(algorithm.filter_groups.max_num_gen_batches, or ttrl.max_refills): the votes on these questions are all "
            "but unanimous, and nothing is left to learn from them",
        )

    def _row(self, step: int, group: PromptGroup, judged: Judgement) -> dict[str, Any]:
        asked = question_of(group.index)
        before = None if self._prior is None else self._prior.label(group.origin)
        return audit_row(step, group, judged, votes=self._ttrl.votes, asked=asked, prior_label=before)

    def _record(self, step: int, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        """Put the step on record, with its labels, and do what an alarm says."""
        started = time.perf_counter()
        metrics = self._writer.record(step, rows, [self._verdict(row) for row in rows])
        if self._writer.stop_asked and not self._stopping:
            self._stopping = True
            end_after_next_step(self._refill_fn, step)
        if self._writer.stats.information is not None:
            metrics["ttrl/answer_information"] = self._writer.stats.information
            metrics["ttrl/answer_information_z"] = self._writer.stats.information_z or 0.0
        return {**metrics, "ttrl/record_seconds": time.perf_counter() - started}

    def _verdict(self, row: Mapping[str, Any]) -> dict[str, Any]:
        label = self._canonical_label(row["index"])
        return {"label": label, "label_correct": None if label is None else row["pseudo_label"] == label}

    def _canonical_label(self, index: int) -> str | None:
        label = label_of(index)
        return None if label is None else of_row(type_of(index), self._answer_type).canonicalize(label)

    def _leftover(self, batch: KVBatchMeta) -> int:
        """Return how many responses of earlier steps are still in the queue: anything but 0 is a leak.

        verl clears a step's responses when the step is over, which may be sampled in several parts.
        """
        self._uids_of_step[1].update(key.split("_")[0] for key in batch.keys)
        alive = set(self._uids_of_step[1])
        for keys in (self.pending_keys, self.running_keys, self.finished_keys, self.failure_keys):
            alive |= keys["train"]
        return sum(key.split("_")[0] not in alive for key in self.partitions["train"])


class GroupStage(GroupStageMixin, Teaching, SyncFailures):
    """The group stage of the synchronous trainer."""


class GroupStageAsync(GroupStageMixin, Teaching, AsyncFailures):
    """The group stage of the asynchronous trainers."""
