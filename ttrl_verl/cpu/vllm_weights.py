"""Patch: keep vLLM's weights where the next update finds them.

On a CPU, ``vllm.model_executor.layers.utils.dispatch_cpu_unquantized_gemm`` (0.24.0, line 228) packs the weight of each
linear layer into oneDNN's or another kernel's format, and frees the original. verl updates the weights after every
step: ``load_weights`` then fails, for there is no parameter to load into, and the output embedding, whose original is
kept, goes on answering from the packed copy of the old weights. With ``torch.nn.functional.linear`` each layer
multiplies by its parameter as it stands.
"""

from ttrl_verl.hooks import patch


def register() -> None:
    """Replace the dispatch as soon as its module is imported; its callers look it up there."""
    patch("vllm.model_executor.layers.utils", {"dispatch_cpu_unquantized_gemm": _keeping_weight}, "vllm")


def _keeping_weight(wrapped: object, instance: object, args: tuple, kwargs: dict) -> None:
    keep_weight(*args, **kwargs)


def keep_weight(layer: object, remove_weight: bool) -> None:
    """Let the layer multiply by its parameter, whatever that holds at the time."""
    import torch

    layer.cpu_linear = torch.nn.functional.linear
