"""The per-response half of a reward, in verl's reward workers, while generation goes on.

verl shows a reward manager one response at a time, so no manager can vote. This one decodes the response and brings its
answer to canonical form; the group stage turns a group's answers into rewards.
"""

import logging
from collections.abc import Iterable
from typing import Any

from omegaconf import OmegaConf
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase
from verl.experimental.reward_loop.reward_manager.registry import REWARD_MANAGER, register

from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.reward_fns import REWARD_FNS
from ttrl_verl.training.grading import Grader, Lengths

_logger = logging.getLogger(__name__)


class AnswerRewardManager(RewardManagerBase):
    """Find the answer of a response; score it, where the row has a label, which validation rows alone do.

    What it returns for each response:

    * ``reward_score``: 1.0 where the answer equals the row's label, else 0.0. The group stage overwrites it on training
      rows.
    * ``answer``: the canonical answer, ``None`` where none was found.
    * ``unparsed``, ``truncated``, and ``limited`` for an answer that ran past a grading limit: 1.0 or 0.0.
    * ``length``: in tokens.
    * ``data_source`` and ``origin``: the row's, so that verl's dump of a validation says whose question it was.
    * ``acc``: the score again, under verl's name for accuracy, where the row has a label.
    """

    def __init__(self, config: Any, tokenizer: Any, compute_score: Any = None, **unused: Any) -> None:
        super().__init__(config, tokenizer, compute_score)
        ttrl = parse_ttrl_config(OmegaConf.to_container(config.ttrl, resolve=True))
        answer_type = ttrl.build_answer_type()
        data, rollout = config.data, config.actor_rollout_ref.rollout
        lengths = Lengths(data.max_prompt_length, data.max_response_length, rollout.max_model_len)
        self._grader = Grader(answer_type, tokenizer, lengths, ttrl.truncated)
        if answer_type.warm_up is not None:
            answer_type.warm_up()

    async def run_single(self, data: DataProto) -> dict[str, Any]:
        """Grade one response in a thread, so that the worker's event loop goes on.

        Args:
            data: an agent loop's outputs, a row each, the last of which is graded. ``responses`` has shape (outputs,
                longest response), padded on the right; ``prompt_len`` and ``response_len`` say how long each is.
        """
        item = data[-1]
        row = item.non_tensor_batch
        tokens = item.batch["responses"][: int(row["response_len"])].tolist()
        label = row["reward_model"]["ground_truth"]
        extra = await self.loop.run_in_executor(None, self._grader.grade, tokens, int(row["prompt_len"]), label)
        extra["data_source"] = str(row["data_source"])
        extra["origin"] = str(row["extra_info"]["origin"])
        return {"reward_score": extra.get("acc", 0.0), "reward_extra_info": extra}


def register_rewards(names: Iterable[str] = REWARD_FNS) -> None:
    """Register the manager under each reward's name, so that ``reward.reward_manager.name`` names the reward.

    What happens per response is the same for all. A name that somebody else has registered is left to him.
    """
    for name in names:
        taken = REWARD_MANAGER.get(name, AnswerRewardManager)
        if taken is AnswerRewardManager:
            register(name)(AnswerRewardManager)
        else:
            _logger.warning(
                "%s.%s is registered with verl as the reward manager %s already and is left alone; the reward %s of "
                "ttrl-verl is not available in this process",
                *(taken.__module__, taken.__qualname__, name, name),
            )


register_rewards()
