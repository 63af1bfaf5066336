"""Patch: pixels for the trainer, from the images alone.

``AgentLoopWorker._compute_multi_modal_inputs`` (verl 0.9.1, experimental/agent_loop/agent_loop.py, line 896) decodes
prompt and response without special tokens and gives text and images to the processor again. An image's placeholder is
a special token of InternVL, and its processor raises where images and placeholders are not as many; each prompt fails.
Here the text is the placeholders alone: pixels depend on the images, not on the words.

A plain function stands in the class: Ray pickles an actor class by value, and wrapt's wrapper is lost there.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ttrl_verl.hooks import when_tested
from ttrl_verl.questions.processors import added


def register() -> None:
    """Replace the method as soon as its module is imported."""
    when_tested("verl.experimental.agent_loop.agent_loop", _replace)


def _replace(module: ModuleType) -> None:
    worker = module.AgentLoopWorker
    worker._compute_multi_modal_inputs = _with_added(worker._compute_multi_modal_inputs)


def _with_added(theirs: Callable) -> Callable:
    @functools.wraps(theirs)
    def _compute_multi_modal_inputs(self: Any, output: Any, input_ids: Any) -> dict[str, Any]:
        known = added(self.processor)
        if known is None:
            return theirs(self, output, input_ids)
        images = (output.multi_modal_data or {}).get("images")
        if not images:
            return {}
        from verl.utils.tokenizer import build_multimodal_processor_inputs

        own = output.mm_processor_kwargs
        made = build_multimodal_processor_inputs(
            self.processor,
            text=[known.placeholder(self.processor) * len(images)],
            images=images,
            mm_processor_kwargs=self._get_mm_processor_kwargs() if own is None else own,
        ).convert_to_tensors("pt")
        token = self.processor.image_token_id
        there, expected = (int((ids == token).sum()) for ids in (input_ids, made["input_ids"]))
        if there != expected:
            raise ValueError(f"the prompt has {there} image tokens, and its images make {expected}")
        return {name: value for name, value in made.items() if name not in ("input_ids", "attention_mask")}

    return _compute_multi_modal_inputs
