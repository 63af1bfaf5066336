"""What the group stage does about responses that failed: verl's replay buffers, a few private methods overridden.

verl 0.9.1 marks a prompt ``failure`` where any of its sessions failed. Its synchronous buffer takes such a group as it
is. Its asynchronous one discards the whole group, however many responses came, and asks another question, without end:
with 64 votes one response of a hundred that fails costs 47 % of the groups, and where everything fails `sample` never
returns. Here a group with enough responses votes in both; what the asynchronous trainers discard goes on record; and
a step that asks in vain too often ends the run.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer, ReplayBufferAsync

from ttrl_verl.config import TTRLConfig
from ttrl_verl.training.prompt_group import UNKNOWN, PromptGroup, uid_of
from ttrl_verl.training.queue_rows import prompt_tags

_logger = logging.getLogger(__name__)

_REASON = (
    "a reward worker or a vLLM server has gone, or refuses these prompts; the log has the reason where it says "
    "`Error in _run_prompt`"
)


class Failures:
    """What both buffers do. The group stage before it has ``_ttrl``, ``_read_groups`` and ``_give_up``."""

    _ttrl: TTRLConfig

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sampled: dict[str, dict[str, Any]] = {}  # tags of the prompts that were sampled last, by uid

    def _select_prompt_uids(self, partition_id: str, sampleable_keys: set[str], batch_size: int) -> tuple:
        """Select as verl does, and read the prompts' tags: it clears them next, with or without responses."""
        selected = super()._select_prompt_uids(partition_id, sampleable_keys, batch_size)
        if partition_id == "train":
            self._sampled = prompt_tags(selected[0])
        return selected

    def _silent(self, tags: dict[str, dict[str, Any]], came: Iterable[PromptGroup]) -> list[PromptGroup]:
        """Return a group for each prompt of which no response came."""
        uids = {group.uid for group in came}
        return [PromptGroup.silent(uid, tag.get("index", UNKNOWN)) for uid, tag in tags.items() if uid not in uids]

    def _votes(self, group: PromptGroup) -> bool:
        # Votes that were cut because nothing hangs on them are no failure.
        return group.size + group.cut >= self._ttrl.least_votes

    def _tell_failures(
        self, step: int, sampled: Sequence[PromptGroup], evicted: Sequence[PromptGroup]
    ) -> dict[str, float]:
        """Say which groups did not vote, and count what never came."""
        short = [group for group in [*sampled, *evicted] if not self._votes(group)]
        if short:
            _logger.warning(
                "step %d: of %d prompts fewer than %d of %d responses came, of %d none; they earn nothing, and %d were "
                "replaced by others",
                *(step, len(short), self._ttrl.least_votes, self._ttrl.votes),
                *(sum(group.size == 0 for group in short), len(evicted)),
            )
        missing = sum(group.missing(self._ttrl.votes) for group in [*sampled, *evicted])
        return {
            "ttrl/missing_responses": float(missing),
            "ttrl/short_groups": float(len(short)),
            "ttrl/evicted_groups": float(len(evicted)),
        }

    def _take_evicted(self) -> list[PromptGroup]:
        """Return the groups that were discarded since the last call."""
        return []


class SyncFailures(Failures, ReplayBuffer):
    """verl's synchronous buffer: each step takes the groups that it asked for."""

    def sample(self, global_steps: int, partition_id: str, batch_size: int) -> tuple[KVBatchMeta, dict]:
        """Sample as verl does; where no response came at all, say why."""
        try:
            return super().sample(global_steps, partition_id, batch_size)
        except RuntimeError as error:
            if "no materializable trajectories" not in str(error):
                raise
            self._give_up(global_steps, self._silent(self._sampled, []))
            raise RuntimeError(
                f"step {global_steps}: no response to any of {batch_size} prompts came; {_REASON}"
            ) from error


class AsyncFailures(Failures, ReplayBufferAsync):
    """verl's asynchronous buffer: what it discards it asks anew, so that a step is full."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._evicted: list[PromptGroup] = []
        self._in_vain = 0

    def _stale_terminal_keys(self, global_steps: int, partition_id: str) -> set[str]:
        """Return the groups that are too old. verl looks at finished ones, the only ones that it samples."""
        if partition_id == "val" or self.max_off_policy_threshold is None or self.max_off_policy_strategy != "drop":
            return set()
        steps = self.prompt_global_steps[partition_id]
        terminal = self.finished_keys[partition_id] | self.failure_keys[partition_id]
        oldest = global_steps + 1 - self.max_off_policy_threshold
        return {uid for uid in terminal if steps.get(uid, global_steps) < oldest}

    def _terminal_eviction_reasons(self, global_steps: int, partition_id: str) -> tuple:
        """Return what verl would discard, less the groups that failed in part and have enough responses to vote."""
        stale, filtered, failed, counts = super()._terminal_eviction_reasons(global_steps, partition_id)
        if failed:
            came = Counter(uid_of(key) for key in self.partitions[partition_id] if key.endswith("_0"))
            came.update({uid: tag.get("cut", 0) for uid, tag in prompt_tags(sorted(failed)).items()})
            failed = {uid for uid in failed if came[uid] < self._ttrl.least_votes}
        return stale, filtered, failed, counts

    def _evict_terminal_groups(self, global_steps: int, partition_id: str, eviction_reasons: tuple) -> tuple:
        """Discard as verl does; what failed is read before, and counted.

        Raises:
            RuntimeError: ``ttrl.max_refills`` batches of prompts were asked in vain.
        """
        failed = eviction_reasons[2] - eviction_reasons[0]
        if failed:
            self._evicted += self._failed_groups(partition_id, failed, global_steps)
            self._in_vain += len(failed)
            batch = self.sampler_kwargs._get_root().data.train_batch_size
            in_vain = self._in_vain
            if in_vain > self._ttrl.max_refills * batch:
                self._give_up(global_steps, self._take_evicted())
                raise RuntimeError(
                    f"step {global_steps}: {in_vain} prompts were asked in vain, more than ttrl.max_refills "
                    f"({self._ttrl.max_refills}) batches of {batch}: of each fewer than {self._ttrl.least_votes} of "
                    f"{self._ttrl.votes} responses came; {_REASON}"
                )
        return super()._evict_terminal_groups(global_steps, partition_id, eviction_reasons)

    def _failed_groups(self, partition_id: str, uids: set[str], step: int) -> list[PromptGroup]:
        tags = prompt_tags(sorted(uids))
        partition = self.partitions[partition_id]
        keys = [key for key in partition if uid_of(key) in uids]
        batch = KVBatchMeta(partition_id=partition_id, keys=keys, tags=[partition[key] for key in keys])
        groups = self._read_groups(batch, step, tags)
        return groups + self._silent(tags, groups)

    def _take_evicted(self) -> list[PromptGroup]:
        evicted, self._evicted, self._in_vain = self._evicted, [], 0
        return evicted
