"""``algorithm.filter_groups``, obeyed: a group whose kept rewards are all equal is replaced by the next question.

verl 0.9.1 filters in its own replay buffer, before our vote, where every reward is 0, and hands the setting to no
sampler of others. What its buffers do with a group to filter is right: it is cleared, and others are asked, in the
synchronous trainer two for each (DAPO), no more at a time than ``max_inflight_gen_batches`` batches. So the buffers are
told to filter, and which groups is answered here, by the vote (``_dapo_filtered_keys``). verl ignores
``max_num_gen_batches``; here it bounds what is asked in a step, and where it is 0, ``ttrl.max_refills`` does. Past the
bound the step takes the groups as they come, and the alarm ``nothing_teaches`` says so.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from transfer_queue import KVBatchMeta

from ttrl_verl.reward_fns.judge import Judgement
from ttrl_verl.reward_fns.metrics import no_signal
from ttrl_verl.training.prompt_group import PromptGroup, uid_of
from ttrl_verl.training.queue_rows import prompt_tags

_logger = logging.getLogger(__name__)

METRIC = "reward"
"""``algorithm.filter_groups.metric``: of verl's metrics the one that is known here, the reward of the vote."""


def filter_settings(config: Mapping[str, Any], *, synchronous: bool) -> dict[str, Any]:
    """Return what verl's buffer is told, were it verl's own; nothing where nothing is filtered.

    Args:
        config: the whole, resolved.
        synchronous: whether the buffer is the synchronous one.
    """
    section = config["algorithm"].get("filter_groups") or {}
    if not section.get("enable"):
        return {}
    if not synchronous:
        return {"filter_groups_metric": METRIC}
    return {
        "filter_groups_metric": METRIC,
        "train_batch_size": config["data"]["train_batch_size"],
        "gen_batch_size": 1,
        "max_inflight_gen_batches": section.get("max_inflight_gen_batches", 1),
    }


def passed_over_at_most(config: Mapping[str, Any], max_refills: int) -> int:
    """Return how many groups may be passed over in a step.

    ``max_num_gen_batches`` counts the step's own batch, as in DAPO.

    Example:
        >>> config = {"algorithm": {"filter_groups": {"max_num_gen_batches": 3}}, "data": {"train_batch_size": 8}}
        >>> passed_over_at_most(config, 10)
        16
    """
    batches = (config["algorithm"].get("filter_groups") or {}).get("max_num_gen_batches") or 0
    return (batches - 1 if batches > 0 else max_refills) * config["data"]["train_batch_size"]


class Teaching:
    """What both group stages do about groups that teach nothing. They have ``_judgement`` and ``_read_groups``."""

    _pass_at_most: int

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._judged: dict[str, tuple[PromptGroup, Judgement]] = {}
        self._passed_over: list[tuple[PromptGroup, Judgement]] = []
        self._sampling = 0

    def _terminal_eviction_reasons(self, global_steps: int, partition_id: str) -> tuple:
        """Return what verl would discard, the step noted in which groups are judged."""
        self._sampling = global_steps
        return super()._terminal_eviction_reasons(global_steps, partition_id)

    def _dapo_filtered_keys(self, partition_id: str) -> tuple[set[str], Counter]:
        """Return the groups whose kept rewards are all equal, no more than may still be passed over, and these rewards.

        Each is judged once; its judgement stays until it is sampled.
        """
        if partition_id == "val" or self.filter_groups_metric is None:
            return set(), Counter()
        finished = self.finished_keys[partition_id]
        self._judged = {uid: judged for uid, judged in self._judged.items() if uid in finished}
        self._judge_new(partition_id, sorted(finished - self._judged.keys()))
        dull = sorted(uid for uid, (_, judged) in self._judged.items() if teaches_nothing(judged))
        dull = dull[: max(0, self._pass_at_most - len(self._passed_over))]
        rewards = (self._judged[uid][1].verdict.rewards for uid in dull)
        return set(dull), Counter(next(iter(row), 0.0) for row in rewards)

    def _judge_new(self, partition_id: str, uids: list[str]) -> None:
        if not uids:
            return
        partition, wanted = self.partitions[partition_id], set(uids)
        keys = [key for key in partition if uid_of(key) in wanted]
        batch = KVBatchMeta(partition_id=partition_id, keys=keys, tags=[partition[key] for key in keys])
        for group in self._read_groups(batch, self._sampling, prompt_tags(uids)):
            self._judged[group.uid] = group, self._judgement(self._sampling, group)

    def _first_judgement(self, step: int, group: PromptGroup) -> Judgement:
        """Return the judgement by which a group was not passed over, else judge it: each group is judged once."""
        _, judged = self._judged.pop(group.uid, (None, None))
        return self._judgement(step, group) if judged is None else judged

    def _evict_terminal_groups(self, global_steps: int, partition_id: str, eviction_reasons: tuple) -> tuple:
        """Discard as verl does; what is passed over is noted before."""
        self._passed_over += [self._judged[uid] for uid in sorted(eviction_reasons[1]) if uid in self._judged]
        return super()._evict_terminal_groups(global_steps, partition_id, eviction_reasons)

    def _take_passed_over(self) -> tuple[list[tuple[PromptGroup, Judgement]], bool]:
        """Return the groups that were passed over in this step, and whether no more of them might have been."""
        passed, self._passed_over = self._passed_over, []
        return passed, self.filter_groups_metric is not None and len(passed) >= self._pass_at_most > 0


def teaches_nothing(judged: Judgement) -> bool:
    """Return whether a group is skipped, or its kept rewards are all equal."""
    verdict = judged.verdict
    return verdict.skip or no_signal([verdict.rewards[place] for place in verdict.keep])
