"""Which processors of vision models a run takes: those that verl knows, and those that ``ttrl_verl.patches`` adds.

How another is added, docs/vision.md says. Nothing here imports a heavy module: verl's processes read it at their start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# verl's hf_processor (0.9.1, utils/tokenizer/tokenizer.py, line 181) makes no processor of another class: it warns, and
# returns None.
OF_VERL = (
    "Qwen2VLProcessor",
    "Qwen2_5_VLProcessor",
    "Qwen3VLProcessor",
    "Glm4vProcessor",
    "Glm46VProcessor",
    "MllamaProcessor",
    "Gemma4Processor",
)

# verl's own where an image processor has no patch_size (0.9.1, experimental/agent_loop/agent_loop.py, line 299).
_PATCH_SIZE = 14


@dataclass(frozen=True, slots=True)
class Added:
    """What the patches must know of a processor that verl does not.

    Attributes:
        model_type: of its models' ``config.json``.
        placeholder: what the chat template writes for one image, given the processor.
        smaller: how a user makes images take fewer tokens.
        as_asked: a prompt's token ids with each image's tokens as the chat template wrote them, given the ids and the
            processor: vLLM puts an image's tokens there itself.
    """

    model_type: str
    placeholder: Callable[[Any], str]
    smaller: str
    as_asked: Callable[[Sequence[int], Any], list[int]]


def internvl_as_asked(ids: Sequence[int], processor: Any) -> list[int]:
    """Return a prompt of InternVL with one context token for each image.

    ``<img>``, one or more context tokens and ``</img>`` become one context token, which vLLM spreads (0.24,
    model_executor/models/interns1.py, line 493). Anything else stays, a start without an end too.

    Example, with 1 for ``<img>``, 2 for ``</img>`` and 3 for ``<IMG_CONTEXT>``: 7 1 3 3 3 2 8 becomes 7 3 8.
    """
    start, context, end = processor.start_image_token_id, processor.image_token_id, processor.end_image_token_id
    asked: list[int] = []
    at = 0
    while at < len(ids):
        after = at + 1
        while ids[at] == start and after < len(ids) and ids[after] == context:
            after += 1
        if at + 1 < after < len(ids) and ids[after] == end:
            asked.append(context)
            at = after + 1
        else:
            asked.append(ids[at])
            at += 1
    return asked


ADDED = {
    "InternVLProcessor": Added(
        "internvl",
        lambda processor: processor.image_token,
        "data.mm_processor_kwargs.max_patches cuts an image into fewer tiles",
        internvl_as_asked,
    ),
}
"""By the name of the processor's class in transformers."""

KNOWN = (*OF_VERL, *ADDED)


def glm_as_asked(ids: Sequence[int], processor: Any) -> list[int]:
    """Return a prompt of GLM-4V with one image token for each image, which stands between two ends.

    verl loads its processor and undoes the spreading for Qwen alone; vLLM spreads each image token of the result (0.24,
    model_executor/models/glm4_1v.py, line 1723).

    Example, with 3 for ``<|image|>``: 7 1 3 3 3 3 2 8 becomes 7 1 3 2 8.
    """
    token = processor.image_token_id
    return [one for at, one in enumerate(ids) if one != token or at == 0 or ids[at - 1] != token]


_OF_VERL_AS_ASKED = {"Glm4vProcessor": glm_as_asked, "Glm46VProcessor": glm_as_asked}


def as_asked(processor: Any) -> Callable[[Sequence[int], Any], list[int]] | None:
    """Return what gives a prompt as the chat template wrote it, or ``None`` where verl's own does."""
    known = added(processor)
    return known.as_asked if known is not None else _OF_VERL_AS_ASKED.get(type(processor).__name__)


def added(processor: Any) -> Added | None:
    """Return what the patches know of a processor, or ``None`` where it is verl's own, or none."""
    return ADDED.get(type(processor).__name__)


def how_to_shrink(processor: Any) -> str:
    """Return how a user makes images take fewer tokens."""
    known = added(processor)
    return "ttrl.max_pixels makes images smaller" if known is None else known.smaller


def patch_size(processor: Any) -> int:
    """Return the side of a patch in pixels as verl's agent loop has it: qwen-vl-utils rounds images to two of them."""
    return getattr(processor.image_processor, "patch_size", _PATCH_SIZE)
