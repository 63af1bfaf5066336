"""Recipes: found, composed as verl composes them, and checked, without importing verl."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ttrl_verl.errors import InputError
from ttrl_verl.search_path import TTRLSearchPath, recipes_dir, verl_config_dir

# Keys that verl reads although its YAML does not list them. All else beyond the YAML is taken for a misspelt key.
_KEYS_BEYOND_YAML = (
    "ttrl",
    "data.ttrl",
    "actor_rollout_ref.*.fsdp_config.mixed_precision",  # FSDPEngineConfig has the field
    "critic.fsdp.mixed_precision",
    "actor_rollout_ref.rollout.enable_sleep_mode",  # RolloutConfig has the field
    "ray_kwargs.ray_init.*",  # goes to ray.init as it stands
)

# libyaml's where there is one: ten times as fast, and as safe.
_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def recipe_names() -> list[str]:
    """Return the names of the recipes: the YAML files at the top of the folder, those beneath are parts of them.

    Example:
        >>> "demo_cpu" in recipe_names()
        True
    """
    return sorted(path.stem for path in recipes_dir().glob("*.yaml"))


def recipe_file(recipe: str) -> Path:
    """Return the file of a recipe, given by its name or as a path to a YAML file of one's own.

    Raises:
        InputError: there is none. The message names the nearest.
    """
    own = Path(recipe)
    if own.suffix in (".yaml", ".yml"):
        if not own.is_file():
            raise InputError(f"{recipe}: no such file")
        return own.resolve()
    if recipe not in recipe_names():
        near = difflib.get_close_matches(recipe, recipe_names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(recipe_names())}, or a YAML file"
        raise InputError(f"no recipe {recipe!r}; {hint}")
    return recipes_dir() / f"{recipe}.yaml"


def compose_recipe(recipe: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Return a recipe as verl's trainer would compose it, strictly: a key that verl does not know is refused.

    Args:
        recipe: a name, or a path to a YAML file.
        overrides: Hydra overrides, ``key=value``.

    Raises:
        InputError: the recipe or verl's configuration is not there, an override is malformed, or a key is unknown. The
            message names the nearest key that is known.
    """
    file = recipe_file(recipe)
    if verl_config_dir() is None:
        raise InputError("verl is not installed; expected verl 0.9.1 (`ttrl-verl check` says what else is missing)")
    Plugins.instance().register(TTRLSearchPath)
    try:
        with initialize_config_dir(str(file.parent), version_base=None):
            config = compose(file.stem, overrides=list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(f"{recipe}: {_first_line(error)}") from error
    base = _verl_defaults(config.model_engine)
    # Hydra's own way to say "I know that this key is new".
    added = [override.lstrip("+").partition("=")[0] for override in overrides if override.startswith("+")]
    for key in _unknown_keys(config, base, ""):
        if any(key == new or key.startswith(f"{new}.") for new in added):
            continue
        near = _nearest(key, base)
        hint = f"; did you mean {near}?" if near else ""
        raise InputError(f"{recipe}: {key} is no key of verl's configuration{hint} (+{key}=... sets it all the same)")
    return config


@cache
def _verl_defaults(model_engine: str) -> dict:
    """Return verl's defaults as the flattened file that verl ships for reference: read in a twentieth of the time."""
    suffix = "" if model_engine == "dp" else f"{model_engine}_"
    file = verl_config_dir() / f"_generated_ppo_{suffix}trainer.yaml"
    return {"model_engine": model_engine, **yaml.load(file.read_text(encoding="utf-8"), Loader=_YAML_LOADER)}


def _unknown_keys(config: DictConfig, base: Mapping, prefix: str) -> Iterator[str]:
    """Yield the keys of ``config`` that ``base`` lacks. Where the base is an empty or null node, anything goes."""
    for name in config:
        key = f"{prefix}{name}"
        if any(fnmatchcase(key, pattern) for pattern in _KEYS_BEYOND_YAML):
            continue
        if name not in base:
            yield key
            continue
        ours, theirs = config._get_node(name), base[name]
        if isinstance(ours, DictConfig) and isinstance(theirs, Mapping) and theirs:
            yield from _unknown_keys(ours, theirs, f"{key}.")


def _nearest(key: str, base: Mapping) -> str | None:
    """Return the known key nearest to an unknown one, in the same section."""
    *parents, name = key.split(".")
    for parent in parents:
        base = base[parent]
    near = difflib.get_close_matches(name, [str(known) for known in base], n=1)
    return ".".join([*parents, near[0]]) if near else None


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def plain(config: DictConfig | ListConfig) -> dict:
    """Return a composed config as plain values, interpolations resolved."""
    return OmegaConf.to_container(config, resolve=True)
