"""A run as `ttrl-verl train` starts it: in a folder of its own, with absolute paths.

verl's workers have the working directory of their node, not that of the command.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ttrl_verl.composition.overrides import quoted, value_or_none
from ttrl_verl.composition.places import absolute_path
from ttrl_verl.composition.recipe import Composed, in_own_folder

PATHS = (
    "data.train_files",
    "data.val_files",
    "trainer.default_local_dir",
    "trainer.validation_data_dir",
    "trainer.rollout_data_dir",
    "ttrl.image_root",
    "ttrl.prior",
)
"""Keys of files and folders that a person or a recipe names from where the command is typed."""


def as_started(composed: Composed) -> Composed:
    """Return a run as it is started from this working directory.

    Raises:
        InputError: it is to go on with a run, and names no folder.
    """
    return located(in_own_folder(composed, own_folder(composed)))


def own_folder(composed: Composed) -> str:
    """Return a folder below ``runs/`` with recipe, model, reward and time in its name: no second run's by accident."""
    config = composed.config
    reward = config.reward.reward_manager.name
    words = [
        composed.file.stem,
        Path(str(config.actor_rollout_ref.model.path)).name,
        reward.rpartition(":")[2] or reward,
    ]
    return str(Path("runs", f"{'-'.join(words)}-{datetime.now():%Y%m%d-%H%M%S}").absolute())


def located(composed: Composed) -> Composed:
    """Return a run whose own files and folders are named by absolute paths, from this working directory.

    What stands as an interpolation follows what it points to. A model's name is left alone: it may be a hub's. An
    override that named a relative path names the absolute one. Functions of a user's files are absolute already:
    ``translate`` sees to that for whoever composes nothing.

    Args:
        composed: the run; returned as it is where every path is absolute.
    """
    from omegaconf import OmegaConf

    values = OmegaConf.to_container(composed.config, resolve=False)
    config, overrides = composed.config.copy(), list(composed.overrides)
    for key in PATHS:
        written = value_or_none(values, key)
        found = [_absolute(name) for name in written] if isinstance(written, list) else _absolute(written)
        if found != written:
            OmegaConf.update(config, key, found)
            overrides = _replaced(overrides, key, quoted(found))
    if tuple(overrides) == composed.overrides:
        return composed
    return replace(composed, config=config, overrides=tuple(overrides))


def _replaced(overrides: Sequence[str], key: str, value: str) -> list[str]:
    """Return overrides with another value for a key, which is there once, in the end: Hydra takes the last one."""
    typed = [override.partition("=")[0] for override in overrides]
    signs = [name.removesuffix(key) for name in typed if name.lstrip("+") == key]
    others = [override for override, name in zip(overrides, typed, strict=True) if name.lstrip("+") != key]
    return [*others, f"{signs[0] if signs else ''}{key}={value}"]


def _absolute(name: Any) -> Any:
    return absolute_path(name) if isinstance(name, str) and name and "${" not in name else name
