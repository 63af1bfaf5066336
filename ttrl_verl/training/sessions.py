"""verl's agent-loop workers, where the sessions of a prompt meet while they run: a failed one is asked again.

``actor_rollout_ref.rollout.agent.agent_loop_manager_class`` names ``SessionManager``. A session is one response to one
prompt: it is sampled, graded and put into TransferQueue. verl 0.9.1 runs each once; what raises, because a reward
worker or a vLLM server is gone, is lost.
"""

import asyncio
import logging
from typing import Any

import ray
import transfer_queue as tq
from omegaconf import DictConfig, OmegaConf
from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopManagerTQ, AgentLoopWorkerTQ

from ttrl_verl.config import TTRLConfig, parse_ttrl_config

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
        ttrl = _section(config)
        manager = AgentLoopManagerTQ if ttrl.retries == 0 else _Manager
        return manager.create(config=config, **handles)


class _Manager(AgentLoopManagerTQ):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent_loop_workers_class = ray.remote(AgentLoopWorkerRetrying)


class AgentLoopWorkerRetrying(AgentLoopWorkerTQ.__ray_actor_class__):
    """verl's worker; a session that fails is asked again, ``ttrl.retries`` times, before it counts as failed.

    Its name begins as verl's does: who looks for these workers among Ray's processes finds it.
    """

    def __init__(self, config: DictConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._retries = _section(config).retries

    async def _run_prompt(self, prompt: dict, sampling_params: dict, trajectory: dict, trace: bool = False) -> None:
        """Run a prompt's sessions as verl does, its row's index noted: a prompt may end without a response to tell."""
        if not trajectory["validate"]:
            await tq.async_kv_put(key=prompt["uid"], partition_id="train", tag={"index": int(prompt["index"])})
        await super()._run_prompt(prompt, sampling_params, trajectory, trace)

    async def _run_agent_loop(
        self, sampling_params: dict[str, Any], trajectory: dict[str, Any], *, agent_name: str, **kwargs: Any
    ) -> Any:
        """Run a session; where it fails, again."""
        for again in range(self._retries + 1):
            try:
                return await super()._run_agent_loop(dict(sampling_params), trajectory, agent_name=agent_name, **kwargs)
            except Exception as error:
                if again == self._retries:
                    raise
                said = (str(error).splitlines() or [""])[0]
                _logger.warning(
                    "response %s of prompt %s failed and is asked again, time %d of %d: %s: %s",
                    *(kwargs["session_id"], kwargs["uid"], again + 1, self._retries, type(error).__name__, said),
                )
                await asyncio.sleep(PAUSE * (again + 1))
        return None


def _section(config: DictConfig) -> TTRLConfig:
    return parse_ttrl_config(OmegaConf.to_container(config.ttrl, resolve=True))
