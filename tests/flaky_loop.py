"""Agent loops without a model: what a response is to be, or that it fails, stands in the row's ``script``.

Loaded by verl's workers from the ``agent_loop_config_path`` of tests/training/test_sessions.py.
"""

import asyncio

from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput

_runs: dict[tuple[str, int], int] = {}


class FlakyLoop(AgentLoopBase):
    """Session ``i`` fails ``script[i]`` times before it answers."""

    async def run(self, sampling_params, **kwargs):
        """Fail, or return a response of one token, which says how often the session was asked."""
        session = (kwargs["uid"], kwargs["session_id"])
        _runs[session] = _runs.get(session, 0) + 1
        assert sampling_params.pop("logprobs") is not None  # vLLM's server takes it out, too
        if _runs[session] <= kwargs["script"][kwargs["session_id"]]:
            raise RuntimeError(f"session {kwargs['session_id']} fails")
        return AgentLoopOutput(
            prompt_ids=[1, 2], response_ids=[_runs[session]], response_mask=[1], metrics=AgentLoopMetrics()
        )


class VotingLoop(AgentLoopBase):
    """Session ``i`` answers ``script[i][0]`` after ``script[i][1]`` seconds, in ``script[i][2]`` tokens."""

    async def run(self, sampling_params, **kwargs):
        """Return a response that is graded already, as a reward worker would grade it."""
        answer, seconds, tokens = kwargs["script"][kwargs["session_id"]]
        await asyncio.sleep(seconds)
        if answer == "fails":
            raise RuntimeError("it fails")
        said = {"answer": answer, "length": tokens, "truncated": 0.0, "limited": 0.0, "unparsed": 0.0}
        return AgentLoopOutput(
            prompt_ids=[1, 2],
            response_ids=[5] * tokens,
            response_mask=[1] * tokens,
            response_logprobs=[-0.5] * tokens,
            reward_score=0.0,
            metrics=AgentLoopMetrics(),
            extra_fields={"reward_extra_info": said},
        )
