"""Patch: Qwen2-VL and Qwen2.5-VL on a micro-batch of text alone, and GLM-4V on any.

There, ``verl.models.transformers.qwen2_vl._get_input_embeds`` (0.9.1, line 393) runs the vision tower on zeros and adds
``0.0 * model.visual(...).mean()``, so that every process has gradients for it. From version 5 on, transformers returns
an object with a ``pooler_output`` there, which has no ``mean``; verl unpacks it in the branches beside this one.
``verl.models.transformers.glm4v._get_input_embeds`` (line 335) unpacks it nowhere: every image fails.
"""

from collections.abc import Callable
from typing import Any

import wrapt

from ttrl_verl.hooks import patch


def register() -> None:
    """Wrap each function as soon as its module is imported; its callers look it up there."""
    for name in ("qwen2_vl", "glm4v"):
        patch(f"verl.models.transformers.{name}", {"_get_input_embeds": _with_unpacked_output})


def _with_unpacked_output(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    def embed(model: Any, *args: Any, **kwargs: Any) -> Any:
        return wrapped(_Model(model), *args, **kwargs)

    return embed(*args, **kwargs)


class _Model(wrapt.ObjectProxy):
    """A model whose vision tower returns the embeddings themselves."""

    @property
    def visual(self) -> "_Visual":
        return _Visual(self.__wrapped__.visual)


class _Visual(wrapt.ObjectProxy):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from verl.utils.transformers_compat import unpack_visual_output

        return unpack_visual_output(self.__wrapped__(*args, **kwargs))[0]
