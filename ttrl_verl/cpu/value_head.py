"""Patch: the attention of PPO's critic.

``verl.utils.model.load_valuehead_model`` (0.9.1, line 649) asks for ``flash_attention_2`` whatever the recipe says, and
flash-attn has no CPU build. The model that it loads is a token classifier with one label; transformers' own ``sdpa``
gives the same values.
"""

from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch


def register() -> None:
    """Wrap the function as soon as its module is imported, before its callers import it by name."""
    patch("verl.utils.model", {"load_valuehead_model": _with_sdpa})


def _with_sdpa(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    def load(local_path: str, torch_dtype: Any, model_config: Any, trust_remote_code: bool) -> Any:
        from transformers import AutoModelForTokenClassification

        return AutoModelForTokenClassification.from_pretrained(
            local_path,
            dtype=torch_dtype,
            config=model_config,
            attn_implementation="sdpa",
            trust_remote_code=trust_remote_code,
        )

    return load(*args, **kwargs)
