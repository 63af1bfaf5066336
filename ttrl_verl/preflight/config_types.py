"""Each value is of the kind that verl's own default is of: verl says so only when its GPUs are taken, or never."""

from collections.abc import Mapping
from typing import Any

from ttrl_verl.composition.overrides import known_keys, verl_defaults
from ttrl_verl.errors import InputError

_BOOLEAN, _NUMBER, _TEXT, _LIST, _SECTION = "true or false", "a number", "text", "a list", "a section"
# In this order: a Boolean is a number to Python.
_KINDS = ((bool, _BOOLEAN), ((int, float), _NUMBER), (str, _TEXT), (list, _LIST), (dict, _SECTION))
# Hydra reads a name such as 2024 as a number, and verl takes it as text.
_ALLOWED = {_BOOLEAN: bool, _NUMBER: (int, float), _TEXT: (str, int, float), _LIST: list, _SECTION: dict}
# verl's defaults of these are whole, their values need not be.
_FRACTIONS = ("top_p", "temperature", "entropy_coeff", "num_warmup_batches", "over_sample_rate")
# Keys whose default is one where verl takes several as well.
_ONE_OR_SEVERAL = ("data.train_files", "data.val_files", "trainer.logger", "actor_rollout_ref.model.target_modules")


def check_types(values: Mapping[str, Any]) -> None:
    """Check that each value is of the kind that verl's own default is of. Where that is null, anything goes.

    Raises:
        InputError: one is not. The message names the key.
    """
    base = verl_defaults(values.get("model_engine", "dp"))
    for key in known_keys():
        value, default = value_at(values, key), value_at(base, key)
        if value is None or default is None or key in _ONE_OR_SEVERAL or str(default).startswith(("${", "???")):
            continue
        expected = next(name for kind, name in _KINDS if isinstance(default, kind))
        if not isinstance(value, _ALLOWED[expected]) or (isinstance(value, bool) and expected != _BOOLEAN):
            raise InputError(f"{key} is {value!r}; expected {expected}")
        whole = isinstance(default, int) and key.rpartition(".")[2] not in _FRACTIONS
        if expected == _NUMBER and whole and value != int(value):
            raise InputError(f"{key} is {value!r}; expected a whole number")


def value_at(values: Any, key: str) -> Any:
    """Return the value of a dotted key; ``None`` where there is none.

    Example:
        >>> value_at({"a": {"b": 1}}, "a.b"), value_at({"a": 1}, "a.b")
        (1, None)
    """
    for name in key.split("."):
        if not isinstance(values, Mapping) or name not in values:
            return None
        values = values[name]
    return values
