"""Recipes composed as verl composes them, and checked, without importing verl."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ttrl_verl.composition.catalogue import YAML_LOADER, part_groups, recipe_file, recipe_names
from ttrl_verl.composition.overrides import KEYS_BEYOND_YAML, check_key, translate, verl_defaults
from ttrl_verl.composition.search_path import TTRLSearchPath
from ttrl_verl.errors import InputError

__all__ = ["Composed", "compose_parts", "compose_recipe", "plain", "recipe_file", "recipe_names"]


@dataclass(frozen=True, slots=True)
class Composed:
    """A recipe as verl's trainer would see it.

    Attributes:
        config: the configuration.
        parts: the option taken of each group, such as ``{"estimator": "grpo", "model": "qwen2.5-math-1.5b"}``.
    """

    config: DictConfig
    parts: Mapping[str, str]


def compose_recipe(recipe: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Return a recipe as verl's trainer would compose it, strictly: a key that verl does not know is refused.

    Args:
        recipe: a name, or a path to a YAML file.
        overrides: ``key=value``, Hydra's or with a short name of ``overrides.SHORT_NAMES``.

    Raises:
        InputError: the recipe or verl's configuration is not there, an override is malformed, or a key is unknown. The
            message names the nearest key that is known.
    """
    return compose_parts(recipe, overrides).config


def compose_parts(recipe: str, overrides: Sequence[str] = ()) -> Composed:
    """Return a recipe composed, with the parts that it took. Raises as `compose_recipe` does."""
    file = recipe_file(recipe)
    overrides = translate(recipe, overrides)
    Plugins.instance().register(TTRLSearchPath)
    try:
        with _libyaml(), initialize_config_dir(str(file.parent), version_base=None):
            config = compose(file.stem, overrides=overrides, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        raise InputError(f"{recipe}: {_first_line(error)}") from error
    choices = config.hydra.runtime.choices
    parts = {group: str(choices[group]) for group in part_groups() if group in choices}
    with open_dict(config):
        del config["hydra"]
    base = verl_defaults(config.model_engine)
    # Hydra's own way to say "I know that this key is new".
    added = [override.lstrip("+").partition("=")[0] for override in overrides if override.startswith("+")]
    for key in _unknown_keys(config, base, ""):
        if not any(key == new or key.startswith(f"{new}.") for new in added):
            check_key(recipe, key)
    return Composed(config, parts)


def _unknown_keys(config: DictConfig, base: Mapping, prefix: str) -> Iterator[str]:
    """Yield the keys of ``config`` that ``base`` lacks. Where the base is an empty or null node, anything goes."""
    for name in config:
        key = f"{prefix}{name}"
        if any(fnmatchcase(key, pattern) for pattern in KEYS_BEYOND_YAML):
            continue
        if name not in base:
            yield key
            continue
        ours, theirs = config._get_node(name), base[name]
        if isinstance(ours, DictConfig) and isinstance(theirs, Mapping) and theirs:
            yield from _unknown_keys(ours, theirs, f"{key}.")


@contextmanager
def _libyaml() -> Iterator[None]:
    """Let OmegaConf build its loader on libyaml's, which reads verl's long comments in a tenth of the time.

    OmegaConf subclasses whatever ``yaml.SafeLoader`` is when it opens a file; the two differ in speed alone.
    """
    slow = yaml.SafeLoader
    yaml.SafeLoader = YAML_LOADER
    try:
        yield
    finally:
        yaml.SafeLoader = slow


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def plain(config: DictConfig | ListConfig) -> dict[str, Any]:
    """Return a composed config as plain values, interpolations resolved."""
    return OmegaConf.to_container(config, resolve=True)
