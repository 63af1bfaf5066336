"""Patch: a processor for the models of ``questions.processors.ADDED``.

``verl.utils.tokenizer.tokenizer.hf_processor`` (0.9.1, line 235) makes no processor whose class it does not name: it
warns and returns None, and every image is dropped. For an added model the processor is transformers' own, its
``config`` set as verl sets it; what has no ``get_rope_index`` gets plain positions (agent_loop.py, line 929). verl's
merger asks the same function, so that an export has its processor.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ttrl_verl.hooks import when_tested
from ttrl_verl.questions.processors import ADDED

# verl's plugins load after these have taken the function from each other.
_HOLDERS = ("verl.utils.tokenizer.tokenizer", "verl.utils.tokenizer", "verl.utils")


def register() -> None:
    """Put ours in verl's place, in each module that callers take it from."""
    for name in _HOLDERS:
        when_tested(name, _replace)


def _replace(module: ModuleType) -> None:
    if not hasattr(module.hf_processor, "__wrapped__"):
        module.hf_processor = _with_added(module.hf_processor)


def _with_added(theirs: Callable) -> Callable:
    @functools.wraps(theirs)
    def hf_processor(name_or_path: str, **kwargs: Any) -> Any:
        if _model_type(name_or_path, kwargs) not in {one.model_type for one in ADDED.values()}:
            return theirs(name_or_path, **kwargs)
        from transformers import AutoConfig, AutoProcessor

        processor = AutoProcessor.from_pretrained(name_or_path, **kwargs)
        processor.config = AutoConfig.from_pretrained(name_or_path, **kwargs)
        return processor

    return hf_processor


def _model_type(name_or_path: str, kwargs: dict[str, Any]) -> str | None:
    from transformers import PreTrainedConfig

    try:
        return PreTrainedConfig.get_config_dict(name_or_path, **kwargs)[0].get("model_type")
    except (OSError, ValueError):  # verl's own function says what it finds
        return None
