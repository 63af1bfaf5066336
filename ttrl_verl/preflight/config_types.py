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
_FILES = ("data.train_files", "data.val_files")
_REWARD = "reward.reward_manager.name"
# Keys whose default is one where verl takes several as well.
_ONE_OR_SEVERAL = (*_FILES, "trainer.logger", "actor_rollout_ref.model.target_modules")


_ROLLOUT, _ACTOR = "actor_rollout_ref.rollout", "actor_rollout_ref.actor"
COMPUTED_WITH = {
    f"{_ROLLOUT}.n": False,
    f"{_ROLLOUT}.val_kwargs.n": False,
    f"{_ROLLOUT}.tensor_model_parallel_size": False,
    f"{_ROLLOUT}.gpu_memory_utilization": False,
    f"{_ROLLOUT}.nnodes": False,
    f"{_ROLLOUT}.n_gpus_per_node": False,
    f"{_ROLLOUT}.max_model_len": True,
    f"{_ROLLOUT}.log_prob_micro_batch_size_per_gpu": True,
    f"{_ACTOR}.ppo_mini_batch_size": False,
    f"{_ACTOR}.ppo_micro_batch_size_per_gpu": True,
    f"{_ACTOR}.ppo_max_token_len_per_gpu": False,
    f"{_ACTOR}.ulysses_sequence_parallel_size": False,
    "data.train_batch_size": False,
    "data.gen_batch_size": True,
    "data.max_prompt_length": False,
    "data.max_response_length": False,
    "data.train_max_samples": False,
    "ray_kwargs.ray_init.num_gpus": True,
    "trainer.nnodes": False,
    "trainer.n_gpus_per_node": False,
    "trainer.total_epochs": False,
    "trainer.total_training_steps": True,
    "trainer.save_freq": False,
    "trainer.test_freq": False,
    "trainer.v1.separate_async.parameter_sync_step": False,
}
"""Numbers that the checks compute with, and whether each may be null. All are whole but the share of a GPU's memory."""


def check_types(values: Mapping[str, Any], written: Mapping[str, Any] | None = None) -> None:
    """Check that each value is of the kind that verl's own default is of. Where that is null, anything goes.

    Args:
        values: the configuration, interpolations resolved.
        written: the same as it is written: what follows from another value is looked at after all others, so that the
            value that is wrong is named, and not one that it was computed from.

    Raises:
        InputError: one is not. The message names the key.
    """
    base = verl_defaults(values.get("model_engine", "dp"))
    keys = dict.fromkeys((*known_keys(), *COMPUTED_WITH))
    for key in sorted(keys, key=lambda key: _follows(value_at(written or {}, key))):
        value, default = value_at(values, key), value_at(base, key)
        if key in _FILES:
            _check_files(key, value)
        expected = _expected(key, value, default)
        if expected is None:
            continue
        if not isinstance(value, _ALLOWED[expected]) or (isinstance(value, bool) and expected != _BOOLEAN):
            raise InputError(f"{key} is {'null' if value is None else repr(value)}; expected {expected}")
        whole = isinstance(default, int) or (key in COMPUTED_WITH and not isinstance(default, float))
        if expected == _NUMBER and whole and key.rpartition(".")[2] not in _FRACTIONS and not _is_whole(value):
            raise InputError(f"{key} is {value!r}; expected a whole number")


def _expected(key: str, value: Any, default: Any) -> str | None:
    """Return the kind that a key's value has to be of; ``None`` where anything goes."""
    if key in COMPUTED_WITH:
        return None if value is None and COMPUTED_WITH[key] else _NUMBER
    if value is None:
        # verl looks into its sections, whatever is asked of it.
        if isinstance(default, Mapping) and default:
            return _SECTION
        return _TEXT if key == _REWARD else None
    if default is None:
        return None
    if key in _ONE_OR_SEVERAL or str(default).startswith(("${", "???")):
        return None
    return next(name for kind, name in _KINDS if isinstance(default, kind))


def _follows(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _check_files(key: str, value: Any) -> None:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in names if name is not None):
        raise InputError(f"{key} is {value!r}; expected a file's name, or a list of names")


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
