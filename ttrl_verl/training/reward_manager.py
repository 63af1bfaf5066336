"""The per-response half of a reward, in verl's reward workers, while generation goes on.

verl shows a reward manager one response at a time, so no manager can vote. This one decodes the response and brings its
answer to canonical form; the group stage turns a group's answers into rewards.
"""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from verl import DataProto
from verl.experimental.reward_loop.reward_manager import registry
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from ttrl_verl.config import ttrl_config_of
from ttrl_verl.reward_fns import REWARD_FNS
from ttrl_verl.reward_fns.apart import ApartCheck
from ttrl_verl.reward_fns.names import entry_point_names, is_elsewhere
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
    * ``answer_type``: the row's own, where its file names one; empty for the recipe's.
    * ``acc``: the score again, under verl's name for accuracy, where the row has a label.
    * ``text``, ``check`` and ``check_failed``, of training rows alone: the response, where a reward looks at it; the
      word of ``ttrl.check``, and why it has none.
    """

    def __init__(self, config: Any, tokenizer: Any, compute_score: Any = None, **unused: Any) -> None:
        super().__init__(config, tokenizer, compute_score)
        ttrl = ttrl_config_of(config)
        answer_type = ttrl.build_answer_type()
        data, rollout = config.data, config.actor_rollout_ref.rollout
        lengths = Lengths(data.max_prompt_length, data.max_response_length, rollout.max_model_len)
        rewards = ttrl.build_rewards(config.reward.reward_manager.name)
        texts = any("texts" in reward.reward.fields for reward, _ in rewards)
        check = None if ttrl.check is None else ApartCheck(ttrl.check)
        self._grader = Grader(answer_type, tokenizer, lengths, ttrl.truncated, texts, check)
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
        label, info = row["reward_model"]["ground_truth"], row["extra_info"]
        asked = {"row_type": info.get("answer_type")}
        if info.get("training"):
            asked["question"] = last_question(row.get("raw_prompt"))
        grade = partial(self._grader.grade, tokens, int(row["prompt_len"]), label, **asked)
        extra = await self.loop.run_in_executor(None, grade)
        extra["answer_type"] = info.get("answer_type") or ""
        extra["data_source"] = str(row["data_source"])
        extra["origin"] = str(info["origin"])
        return {"reward_score": extra.get("acc", 0.0), "reward_extra_info": extra}


def last_question(messages: Any) -> str:
    """Return the last user message of a prompt, its text alone; empty where there is none.

    Args:
        messages: as verl hands them to a reward worker.

    Example:
        >>> last_question([{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "A or B?"}]}])
        'A or B?'
    """
    messages = [] if messages is None else list(messages)
    asked = [message["content"] for message in messages if message["role"] == "user"]
    if not asked:
        return ""
    return asked[-1] if isinstance(asked[-1], str) else "".join(part.get("text") or "" for part in asked[-1])


def register_rewards(names: Iterable[str] = REWARD_FNS) -> None:
    """Register the manager under each reward's name, so that ``reward.reward_manager.name`` names the reward.

    What happens per response is the same for all. A name that somebody else has registered is left to him.
    """
    for name in names:
        taken = registry.REWARD_MANAGER.get(name, AnswerRewardManager)
        if taken is AnswerRewardManager:
            registry.register(name)(AnswerRewardManager)
        else:
            _logger.warning(
                "%s.%s is registered with verl as the reward manager %s already and is left alone; the reward %s of "
                "ttrl-verl is not available in this process",
                *(taken.__module__, taken.__qualname__, name, name),
            )


class Managers(dict[str, type[RewardManagerBase]]):
    """verl's registry of reward managers, in which the name of a user's own reward is known, too.

    verl 0.9.1 asks it whether it has a name (``workers/config/reward.py``, line 56) and for its class (``registry.py``,
    lines 51 to 53), before anything of ours sees the configuration: so such a name cannot be registered beforehand.
    """

    def __contains__(self, name: object) -> bool:
        """Return whether a name is registered, or is one of a user's own reward."""
        return super().__contains__(name) or is_users(name)

    def __missing__(self, name: str) -> type[RewardManagerBase]:
        """Return our manager for a user's own reward."""
        if is_users(name):
            return AnswerRewardManager
        raise KeyError(name)


def is_users(name: object) -> bool:
    """Return whether a name is a file's, a module's or an entry point's. Nothing is loaded here."""
    return isinstance(name, str) and (is_elsewhere(name) or name in entry_point_names("reward"))


register_rewards()
registry.REWARD_MANAGER = Managers(registry.REWARD_MANAGER)
