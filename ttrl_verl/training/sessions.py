"""verl's agent-loop workers, where the sessions of a prompt meet while they run.

``actor_rollout_ref.rollout.agent.agent_loop_manager_class`` names ``SessionManager``. A session is one response to one
prompt: it is sampled, graded and put into TransferQueue. verl 0.9.1 runs each once, all at the same time, and waits for
all of them; what raises, because a reward worker or a vLLM server is gone, is lost. Here

* a session that fails is asked again (``ttrl.retries``);
* votes that cannot change the label any more are not asked, or cancelled (``ttrl.stop``, see ``ballot``);
* a response that only votes leaves its answer in TransferQueue, and none of its tokens;
* a prompt's images are opened and processed once (``shared_images``).
"""

import asyncio
import logging
from statistics import fmean
from typing import Any

import ray
import transfer_queue as tq
from omegaconf import DictConfig
from verl.experimental.agent_loop.agent_loop import AgentLoopOutput
from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopManagerTQ, AgentLoopWorkerTQ
from verl.utils.tensordict_utils import list_of_dict_to_tensordict

from ttrl_verl.config import ttrl_config_of
from ttrl_verl.training.ballot import VotePlan
from ttrl_verl.training.cancelling import end_cancelled_requests
from ttrl_verl.training.poll import Poll
from ttrl_verl.training.shared_images import share_opening, share_processing

PAUSE = 1.0
"""Seconds before a session is asked again; twice that before the next time, and so on: a dead server fails at once."""

_logger = logging.getLogger(__name__)


class SessionManager:
    """What the recipe names: verl's own manager, where the section ``ttrl:`` asks nothing of the sessions."""

    @classmethod
    def create(cls, config: DictConfig, **handles: Any) -> AgentLoopManagerTQ:
        """Return the manager, its workers started.

        Args:
            config: the whole.
            **handles: what verl gives a manager besides.
        """
        ttrl = ttrl_config_of(config)
        manager = AgentLoopManagerTQ if ttrl.retries == 0 and ttrl.stop == "never" else _Manager
        return manager.create(config=config, **handles)


class _Manager(AgentLoopManagerTQ):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent_loop_workers_class = ray.remote(AgentLoopWorkerVoting)


class AgentLoopWorkerVoting(AgentLoopWorkerTQ.__ray_actor_class__):
    """verl's worker, for which the responses to a training prompt are votes.

    Its name begins as verl's does: who looks for these workers among Ray's processes finds it.
    """

    def __init__(self, config: DictConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        ttrl = ttrl_config_of(config)
        self._retries = ttrl.retries
        rollout = config.actor_rollout_ref.rollout
        self._plan, self._longest = VotePlan.of(ttrl, rollout.n), rollout.response_length
        self._leaves_tokens = ttrl.voters_leave_tokens(config.reward.reward_manager.name)
        self._polls: dict[str, Poll] = {}
        if self.processor is not None:
            share_processing(self.processor.image_processor)
            self.dataset_cls = share_opening(self.dataset_cls)
        if self.llm_client is not None and ttrl.stop != "never":
            end_cancelled_requests(self.llm_client)

    async def _run_prompt(self, prompt: dict, sampling_params: dict, trajectory: dict, trace: bool = False) -> None:
        """Run a prompt's sessions as verl does, its row's index noted: a prompt may end without a response to tell."""
        if trajectory["validate"]:
            await super()._run_prompt(prompt, sampling_params, trajectory, trace)
            return
        uid = prompt["uid"]
        await tq.async_kv_put(key=uid, partition_id="train", tag={"index": int(prompt["index"])})
        self._polls[uid] = Poll(int(prompt.get("__rollout_n__", self._plan.kept)), self._plan, self._longest)
        try:
            await super()._run_prompt(prompt, sampling_params, trajectory, trace)
        finally:
            del self._polls[uid]

    async def _run_agent_loop(
        self, sampling_params: dict[str, Any], trajectory: dict[str, Any], *, agent_name: str, **kwargs: Any
    ) -> Any:
        """Run a session when it is its turn; where it fails, again; where its vote is not wanted, to no end."""
        poll = None if trajectory["validate"] else self._polls[kwargs["uid"]]

        async def session() -> Any:
            return await self._ask(sampling_params, trajectory, poll, agent_name=agent_name, **kwargs)

        return await (session() if poll is None else poll.run(kwargs["session_id"], session))

    async def _ask(
        self, sampling_params: dict, trajectory: dict, poll: Poll | None, *, agent_name: str, **kwargs: Any
    ) -> Any:
        for again in range(self._retries + 1):
            try:
                return await super()._run_agent_loop(dict(sampling_params), trajectory, agent_name=agent_name, **kwargs)
            except Exception as error:
                if again == self._retries:
                    raise
                if poll is not None and not poll.again(kwargs["session_id"]):
                    await _note(kwargs["uid"], poll)
                    return None
                said = (str(error).splitlines() or [""])[0]
                _logger.warning(
                    "response %s of prompt %s failed and is asked again, time %d of %d: %s: %s",
                    *(kwargs["session_id"], kwargs["uid"], again + 1, self._retries, type(error).__name__, said),
                )
                await asyncio.sleep(PAUSE * (again + 1))
        return None

    async def _agent_loop_postprocess(
        self, output: AgentLoopOutput | list[AgentLoopOutput], validate: bool, **kwargs: Any
    ) -> None:
        """Grade a response and put it into TransferQueue as verl does; one that only votes without its tokens."""
        outputs = output if isinstance(output, list) else [output]
        poll, place = None if validate else self._polls[kwargs["uid"]], kwargs["session_id"]
        if poll is None or not outputs:
            await super()._agent_loop_postprocess(output, validate, **kwargs)
            if poll is not None:
                poll.lose(place)
            return
        poll.generated(place, sum(len(one.response_ids) for one in outputs))
        # verl's own method grades what has no score yet. The answer is the reward worker's: the one that is counted.
        await self._compute_score(outputs, kwargs=kwargs)
        if self._leaves_tokens and not poll.ballot.is_kept(place):
            await _put_vote(outputs[-1], **kwargs)
        else:
            await super()._agent_loop_postprocess(output, validate, **kwargs)
        graded = outputs[-1].extra_fields.get("reward_extra_info") or {}
        if poll.cast(place, graded.get("answer")):
            await _note(kwargs["uid"], poll)


async def _note(uid: str, poll: Poll) -> None:
    """Note with the prompt what was cut, for the group stage."""
    if poll.saved is not None:
        tag = {"cut": poll.saved.votes, "tokens_saved": poll.saved.tokens}
        await tq.async_kv_put(key=uid, partition_id="train", tag=tag)


async def _put_vote(output: AgentLoopOutput, **row: Any) -> None:
    """Put a response into TransferQueue without its tokens: what was said of it, and its mean log-probability."""
    said = dict(output.extra_fields.get("reward_extra_info") or {})
    if output.response_logprobs:
        said["log_prob"] = fmean(output.response_logprobs)
    fields = {
        "extra_fields": {"reward_extra_info": said},
        "reward_model": row["reward_model"],
        "extra_info": row["extra_info"],
    }
    prompt, response = len(output.prompt_ids), len(output.response_ids)
    tag = {
        "status": "success",
        "only_votes": True,
        "prompt_len": prompt,
        "response_len": response,
        "seq_len": prompt + response,
        "global_steps": row["global_steps"],
        "min_global_steps": output.extra_fields.get("min_global_steps"),
        "max_global_steps": output.extra_fields.get("max_global_steps"),
    }
    key = f"{row['uid']}_{row['session_id']}_0"
    await tq.async_kv_batch_put(
        keys=[key], fields=list_of_dict_to_tensordict([fields]), tags=[tag], partition_id="train"
    )
