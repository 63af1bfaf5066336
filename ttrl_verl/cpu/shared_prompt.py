"""Patch: the actor reads each prompt once, not once for each of its responses.

``FSDPEngineWithLMHead`` (0.9.1, ``prepare_model_inputs``) trains on one row a response, prompt and all. With a long
prompt and many short responses most of a step is then the same prompt again: of the demo's rows of 76 tokens 70 are
prompt. Here a group is one row, its prompt and after it each distinct response, side by side. Position ids go on
from the prompt's end for each of them, and the mask lets a response see the prompt and itself. Each token sees what it
saw before, so log-probabilities and gradients are the same but for the order of the sums.

verl's own way is taken wherever that is not sure to hold, or is not less work: models other than ``MODEL_TYPES``,
packed sequences, fused kernels, distillation, and responses so long that one row for all has the larger attention.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ttrl_verl.hooks import patch

# Text, causal attention over all that came before, rotary positions from position_ids.
MODEL_TYPES = ("llama", "qwen2", "qwen3")

_NOT_WITH = ("use_fused_kernels", "calculate_sum_pi_squared", "distillation_use_topk", "distillation_only")
_PADDING = -1
_PROMPT = 0

_Groups = dict[tuple[int, ...], dict[tuple[int, ...], int]]
"""Of each prompt its distinct responses, and how many response tokens of its row come before each."""


@dataclass(frozen=True, slots=True)
class SharedLayout:
    """Responses to a few prompts, G rows of L columns, and where each response token's prediction is.

    Attributes:
        input_ids: (G, L); a row is padding, a prompt that ends in column P - 1, its distinct responses, padding.
        position_ids: (G, L); each response counts on from the end of the prompt.
        attention_mask: (G, 1, L, L) bool; which columns (last) a column (last but one) sees.
        kept: the last columns of a row whose logits are needed, L - P + 1.
        rows: (T,) of each distinct response token, its row.
        columns: (T,) of each, the column among the kept ones that predicts it.
        labels: (T,) of each, its id.
        sources: (N,) of each response token of the batch, in order, its place among the T.
        places: (N,) of each, the place of its prediction among all tokens of the batch: one before its own.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    attention_mask: torch.Tensor
    kept: int
    rows: torch.Tensor
    columns: torch.Tensor
    labels: torch.Tensor
    sources: torch.Tensor
    places: torch.Tensor


def lay_out(
    prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]], *, padding: int
) -> SharedLayout | None:
    """Return the layout of a batch, one entry of each sequence a response; ``None`` where it would not be less work.

    Args:
        prompts: token ids, none empty.
        responses: token ids, as many.
        padding: the id that fills a row.
    """
    groups: _Groups = {}
    for prompt, response in zip(prompts, responses, strict=True):
        starts = groups.setdefault(tuple(prompt), {})
        starts.setdefault(tuple(response), sum(map(len, starts)))
    before = max(map(len, groups))
    after = max(sum(map(len, starts)) for starts in groups.values())
    longest = max(len(prompt) + len(response) for prompt, response in zip(prompts, responses, strict=True))
    if len(groups) * (before + after) ** 2 >= len(prompts) * longest**2:
        return None

    first: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}  # of a prompt and a response: its place among the T
    rows, columns, labels = [], [], []
    for row, (prompt, starts) in enumerate(groups.items()):
        for response, start in starts.items():
            first[prompt, response] = len(labels)
            rows += [row] * len(response)
            # The prompt's last column, 0 of the kept ones, predicts the first token of every response.
            columns += [0 if token == 0 else start + token for token in range(len(response))]
            labels += response
    sources, places, passed = [], [], 0
    for prompt, response in zip(prompts, responses, strict=True):
        start = first[tuple(prompt), tuple(response)]
        sources += range(start, start + len(response))
        places += range(passed + len(prompt) - 1, passed + len(prompt) - 1 + len(response))
        passed += len(prompt) + len(response)
    ids, positions, owners = _rows(groups, before, after, padding)
    flat = (torch.tensor(values) for values in (rows, columns, labels, sources, places))
    return SharedLayout(ids, positions, _mask(owners), after + 1, *flat)


def _rows(groups: _Groups, before: int, after: int, padding: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return of each column, (G, L) each: its token, its position, and whose it is."""
    ids, positions, owners = [], [], []
    for prompt, starts in groups.items():
        tokens, position, owner = list(prompt), list(range(len(prompt))), [_PROMPT] * len(prompt)
        for number, response in enumerate(starts, start=1):
            tokens += response
            position += range(len(prompt), len(prompt) + len(response))
            owner += [number] * len(response)
        left, right = before - len(prompt), after - (len(tokens) - len(prompt))
        ids.append([padding] * left + tokens + [padding] * right)
        positions.append([0] * left + position + [0] * right)
        owners.append([_PADDING] * left + owner + [_PADDING] * right)
    return torch.tensor(ids), torch.tensor(positions), torch.tensor(owners)


def _mask(owner: torch.Tensor) -> torch.Tensor:
    """Return who sees whom: (G, 1, L, L)."""
    seeing, seen = owner[:, :, None], owner[:, None, :]
    width = owner.shape[1]
    earlier = torch.ones(width, width, dtype=torch.bool).tril()
    # Padding sees itself: a row of the softmax without an entry would be NaN, and spread.
    itself = torch.eye(width, dtype=torch.bool)
    return (((seen == _PROMPT) | (seen == seeing)) & (seen != _PADDING) & earlier | itself)[:, None]


def register() -> None:
    """Wrap the engine's two methods as soon as their module is imported."""
    patch(
        "verl.workers.engine.fsdp.transformer_impl",
        {"FSDPEngineWithLMHead.prepare_model_inputs": _inputs, "FSDPEngineWithLMHead.prepare_model_outputs": _outputs},
    )


def _inputs(wrapped: Callable, instance: Any, args: tuple, kwargs: dict) -> tuple[dict, dict]:
    def prepare(micro_batch: Any) -> tuple[dict, dict]:
        # The critic's engine inherits this method, and reads a value off every row.
        layout = _layout_of(instance.module.config, micro_batch) if _is_actor(instance) else None
        if layout is None:
            return wrapped(micro_batch)
        inputs = {
            "input_ids": layout.input_ids,
            "attention_mask": layout.attention_mask,
            "position_ids": layout.position_ids,
            "logits_to_keep": layout.kept,
        }
        return inputs, {"layout": layout}

    return prepare(*args, **kwargs)


def _is_actor(engine: object) -> bool:
    from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

    return type(engine) is FSDPEngineWithLMHead


def _layout_of(config: Any, micro_batch: Any) -> SharedLayout | None:
    """Return how to lay a micro-batch out; ``None`` where verl's own way is to be taken."""
    from verl.utils.tensordict_utils import get_non_tensor_data

    def said(key: str, default: object) -> Any:
        return get_non_tensor_data(data=micro_batch, key=key, default=default)

    if (
        config.model_type not in MODEL_TYPES
        or config._attn_implementation != "sdpa"
        or set(getattr(config, "layer_types", None) or ["full_attention"]) != {"full_attention"}
        or said("use_remove_padding", True)
        or any(said(key, False) for key in _NOT_WITH)
        or isinstance(micro_batch["temperature"], torch.Tensor)
    ):
        return None
    fields = [micro_batch.get(key, None) for key in ("input_ids", "prompts", "responses")]
    if any(field is None or not field.is_nested for field in fields):
        return None
    whole, prompts, responses = ([row.tolist() for row in field.unbind()] for field in fields)
    if whole != [prompt + response for prompt, response in zip(prompts, responses, strict=True)]:
        return None
    return lay_out(prompts, responses, padding=said("pad_token_id", 0))


def _outputs(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> dict:
    def prepare(output: Any, output_args: dict, micro_batch: Any, logits_processor_func: Callable) -> dict:
        from verl.utils.tensordict_utils import get_non_tensor_data
        from verl.utils.torch_functional import entropy_from_logits, logprobs_from_logits

        layout = output_args.get("layout")
        if layout is None:
            return wrapped(output, output_args, micro_batch, logits_processor_func)
        # In float32: bfloat16 has two digits, and only the response's own positions are left here.
        logits = output.logits[layout.rows, layout.columns].float() / micro_batch["temperature"]
        found = {"log_probs": logprobs_from_logits(logits, layout.labels)}
        if get_non_tensor_data(data=micro_batch, key="calculate_entropy", default=False):
            found["entropy"] = entropy_from_logits(logits)
        offsets = micro_batch["input_ids"].offsets()
        return {
            name: torch.nested.nested_tensor_from_jagged(_place(values, layout, int(offsets[-1])), offsets)
            for name, values in found.items()
        }

    return prepare(*args, **kwargs)


def _place(values: torch.Tensor, layout: SharedLayout, tokens: int) -> torch.Tensor:
    """Return (tokens,): each response token's value where verl looks for it, and 0 where it does not look."""
    return values.new_zeros(tokens).index_put((layout.places,), values[layout.sources])
