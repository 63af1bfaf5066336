"""verl's single-turn agent loop, the question asked in the view that falls to the session: see ``questions.views``.

What goes into TransferQueue are the tokens of the prompt that was asked, so that is what is trained on.
"""

from typing import Any

from verl.experimental.agent_loop.agent_loop import AgentLoopOutput, register
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop

from ttrl_verl.questions.views import asked, parse_views

NAME = "viewed_single_turn_agent"


@register(NAME)
class ViewedAgentLoop(SingleTurnAgentLoop):
    """One response to a prompt, in view ``session_id`` modulo the number of views."""

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> AgentLoopOutput:
        """Ask in the session's view.

        Raises:
            ValueError: the prompt of the view is longer than ``data.max_prompt_length``.
        """
        views = parse_views(list(self.config.ttrl.views))
        view = views[kwargs["session_id"] % len(views)]
        columns = kwargs["extra_info"].get("views") or {}
        messages = asked(kwargs["raw_prompt"], view, columns)
        output = await super().run(sampling_params, **{**kwargs, "raw_prompt": messages})
        if len(output.prompt_ids) > self.prompt_length:
            raise ValueError(
                f"{kwargs['extra_info'].get('origin')}: in the view {view.kind} {view.text} its prompt has "
                f"{len(output.prompt_ids)} tokens; data.max_prompt_length is {self.prompt_length}"
            )
        return output
