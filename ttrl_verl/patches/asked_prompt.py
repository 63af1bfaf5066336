"""Patch: vLLM gets a prompt with each image as it was asked, not as the processor spread it.

vLLM puts an image's tokens into the prompt itself, where the chat template's placeholder stands.
``verl.workers.rollout.utils.qwen2_5_vl_dedup_image_tokens`` (0.9.1, line 93) undoes the processor's own spreading for
Qwen's image processor alone. A prompt of InternVL that is spread twice runs without an error, on another prompt than
the trainer's: <img><img>C C C C</img>C C C</img>. On a tiny model log-probabilities are 0.02 from the right ones.
GLM-4V, which verl knows, is spread twice as well.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ttrl_verl.hooks import when_tested
from ttrl_verl.questions.processors import as_asked


def register() -> None:
    """Replace the function as soon as its module is imported, before its callers import it by name."""
    when_tested("verl.workers.rollout.utils", _replace)


def _replace(module: ModuleType) -> None:
    module.qwen2_5_vl_dedup_image_tokens = _with_added(module.qwen2_5_vl_dedup_image_tokens)


def _with_added(theirs: Callable) -> Callable:
    @functools.wraps(theirs)
    def qwen2_5_vl_dedup_image_tokens(prompt_ids: list[int], processor: Any) -> list[int]:
        ours = as_asked(processor)
        return theirs(prompt_ids, processor) if ours is None else ours(prompt_ids, processor)

    return qwen2_5_vl_dedup_image_tokens
