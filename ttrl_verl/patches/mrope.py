"""Patch: the position ids of vision-language models, when all sequences of a batch have the same length.

``verl.utils.tensordict_utils.maybe_fix_3d_position_ids`` (0.9.1, line 915) marks dimension 2 of the nested tensor of
(batch, 4, length) position ids as the ragged one. Where every length is the same, torch itself has chosen dimension 1:
the values are (batch * 4, length), and the mark makes them unreadable ("The size of tensor a (4) must match the size of
tensor b (0)"). Short answers make that common. Such a tensor is built anew here; any other goes to verl's function.
"""

from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch

_ROWS = 4  # of position ids a token: text, time, height, width


def register() -> None:
    """Wrap the function as soon as its module is imported, before its callers import it by name."""
    patch("verl.utils.tensordict_utils", {"maybe_fix_3d_position_ids": _with_equal_lengths})


def _with_equal_lengths(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    def fix(data: Any) -> Any:
        if "position_ids" in data.keys():  # noqa: SIM118 - a TensorDict's `in` asks for a value
            ids = data["position_ids"]
            if ids.is_nested and ids.dim() == 3 and _ragged_by_rows(ids):
                from verl.utils.tensordict_utils import nested_tensor_from_tensor_list

                rows = ids.values().unflatten(0, (-1, _ROWS))
                data["position_ids"] = nested_tensor_from_tensor_list(list(rows.unbind(0)), ragged_idx=2)
                return None
        return wrapped(data)

    return fix(*args, **kwargs)


def _ragged_by_rows(ids: Any) -> bool:
    """Return whether dimension 1, always 4 long, was taken for the ragged one."""
    values, offsets = ids.values(), ids.offsets()
    return values.shape[0] == int(offsets[-1]) == _ROWS * (offsets.numel() - 1)
