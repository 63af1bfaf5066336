"""Patch: the vision tower of an added model has its turn in a micro-batch of text alone.

A sharded model gathers each layer's weights on all workers at once, and adds up the gradients of all. Where one
worker's micro-batch has images and another's has none, the one waits for the other for ever. For Qwen and GLM verl runs
the tower on zeros then (0.9.1, models/transformers/qwen2_vl.py, line 391); a model that it does not know just skips it.
Here the features of a black image, times 0, are added to the embeddings: the same numbers, and a gradient of 0 for each
weight.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt

from ttrl_verl.hooks import when_tested
from ttrl_verl.questions.processors import ADDED


def register() -> None:
    """Wrap the function that builds the model, as soon as its module is imported."""
    when_tested("verl.workers.engine.fsdp.transformer_impl", _wrap)


def _wrap(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "FSDPEngine._build_module", _with_tower)


def _with_tower(wrapped: Callable, instance: Any, args: tuple, kwargs: dict) -> Any:
    model = wrapped(*args, **kwargs)
    if instance.model_config.hf_config.model_type in {one.model_type for one in ADDED.values()}:
        run_tower_on_text(model)
    return model


def run_tower_on_text(model: Any) -> None:
    """Have a model's vision tower compute in each forward pass, with images or without.

    Args:
        model: of transformers, with a ``get_image_features`` in its ``model``; changed in place.
    """
    model.model.register_forward_pre_hook(_add_nothing, with_kwargs=True)


def _add_nothing(module: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]] | None:
    ids = kwargs.get("input_ids")
    if ids is None or kwargs.get("pixel_values") is not None:
        return None
    embedded = module.get_input_embeddings()(ids)
    black = embedded.new_zeros(1, 3, *module.config.vision_config.image_size)
    features = module.get_image_features(pixel_values=black, return_dict=True).pooler_output
    return args, kwargs | {"input_ids": None, "inputs_embeds": embedded + 0.0 * features.mean()}
