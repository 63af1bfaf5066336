"""verl's single-turn agent loop at temperature 0, for validation rows that ask for it.

verl samples every validation row with the same parameters. A row whose ``agent_name`` is this loop's is answered
greedily beside the sampled ones, in the same validation pass.
"""

from typing import Any

from verl.experimental.agent_loop.agent_loop import AgentLoopOutput, register
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop

NAME = "greedy_single_turn_agent"


@register(NAME)
class GreedyAgentLoop(SingleTurnAgentLoop):
    """One answer, the likeliest token at each place."""

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> AgentLoopOutput:
        """Generate with temperature 0, whatever the run's sampling parameters."""
        greedy = {**sampling_params, "temperature": 0.0, "top_p": 1.0, "top_k": -1}
        return await super().run(greedy, **kwargs)
