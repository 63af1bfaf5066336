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
        self._ttrl = parse_ttrl_config(OmegaConf.to_container(config.ttrl, resolve=True))
        self._answer_type = self._ttrl.build_answer_type()
        self._max_response_length = config.data.max_response_length
        if self._answer_type.warm_up is not None:
            self._answer_type.warm_up()

    async def run_single(self, data: DataProto) -> dict[str, Any]:
        """Grade one response in a thread, so that the worker's event loop goes on."""
        item = data[-1]  # an agent loop with several outputs is graded on its last
        length = int(item.batch["attention_mask"][-item.batch["responses"].shape[-1] :].sum())
        tokens = item.batch["responses"][:length].tolist()
        label = item.non_tensor_batch["reward_model"]["ground_truth"]
        extra = await self.loop.run_in_executor(None, self._grade, tokens, label)
        extra["data_source"] = str(item.non_tensor_batch["data_source"])
        extra["origin"] = str(item.non_tensor_batch["extra_info"]["origin"])
        return {"reward_score": extra.get("acc", 0.0), "reward_extra_info": extra}

    def _grade(self, tokens: list[int], label: str | None) -> dict[str, Any]:
        truncated = len(tokens) >= self._max_response_length and tokens[-1] != self.tokenizer.eos_token_id
        answer, limited = None, False
        if not truncated or self._ttrl.truncated == "keep":
            answer, limited = self._answer_type.grade(self.tokenizer.decode(tokens, skip_special_tokens=True))
        extra = {
            "answer": answer,
            "length": len(tokens),
            "unparsed": float(answer is None),
            "truncated": float(truncated),
            "limited": float(limited),
        }
        if label is not None:
            extra["acc"] = float(answer is not None and answer == self._answer_type.canonicalize(label))
        return extra


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
