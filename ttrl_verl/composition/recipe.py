"""Recipes composed as verl composes them, and checked, without importing verl.

Hydra is imported by the first composition and not before, so that a slip on the command line is told at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ttrl_verl.composition.catalogue import part_groups, recipe_file
from ttrl_verl.composition.interpolations import check_size
from ttrl_verl.composition.overrides import KEYS_BEYOND_YAML, check_key, quoted, translate, verl_defaults
from ttrl_verl.composition.yaml_loader import BoundedLoader
from ttrl_verl.errors import InputError

if TYPE_CHECKING:
    from omegaconf import DictConfig, ListConfig

    from ttrl_verl.config import TTRLConfig


@dataclass(frozen=True)
class Composed:
    """A run as verl's trainer would see it, made once by a command and handed on.

    Attributes:
        recipe: as it was named.
        file: the recipe's file.
        overrides: for Hydra, short names replaced.
        config: the configuration; interpolations stand as they were written.
        parts: the option taken of each group, such as ``{"estimator": "grpo", "model": "qwen2.5-math-1.5b"}``.
    """

    recipe: str
    file: Path
    overrides: tuple[str, ...]
    config: "DictConfig"
    parts: Mapping[str, str]

    @cached_property
    def values(self) -> dict[str, Any]:
        """The configuration as plain values, interpolations resolved.

        Raises:
            InputError: an interpolation leads nowhere, or they stand for more than a memory holds.
        """
        try:
            check_size(self.written)
            return plain(self.config)
        except RecursionError as error:
            raise InputError(f"{self.recipe}: its interpolations lead from one to the next too far") from error

    @property
    def written(self) -> dict[str, Any]:
        """The configuration as plain values, interpolations as they are written."""
        from omegaconf import OmegaConf

        return OmegaConf.to_container(self.config, resolve=False)

    @cached_property
    def ttrl(self) -> "TTRLConfig":
        """The section ``ttrl:``, checked.

        Raises:
            InputError: there is none, or a key or a value of it is not what is expected.
        """
        from ttrl_verl.config import parse_ttrl_config  # pydantic, which composing alone does not need

        if "ttrl" not in self.values:
            raise InputError("the recipe has no section ttrl; expected base/ttrl in its defaults list")
        return parse_ttrl_config(self.values["ttrl"])


def in_own_folder(composed: Composed, folder: str) -> Composed:
    """Return a run that writes into a folder; as it is where its recipe or its overrides name one already.

    Args:
        composed: the run.
        folder: in place of verl's default, which knows neither model nor reward.

    Raises:
        InputError: it is to go on with a run, and names no folder: a new one holds none.
    """
    from omegaconf import OmegaConf

    written = OmegaConf.to_container(composed.config.trainer, resolve=False)["default_local_dir"]
    if written != verl_defaults(composed.config.model_engine)["trainer"]["default_local_dir"]:
        return composed
    if composed.config.trainer.resume_mode == "auto":
        raise InputError(
            "trainer.resume_mode is auto, and no folder is named; expected out=FOLDER, the folder of the run to go on "
            "with"
        )
    config = composed.config.copy()
    config.trainer.default_local_dir = folder
    overrides = (*composed.overrides, f"trainer.default_local_dir={quoted(folder)}")
    return replace(composed, config=config, overrides=overrides)


def compose_recipe(recipe: str, overrides: Sequence[str] = ()) -> "DictConfig":
    """Return the configuration of a recipe alone. Takes and raises what `compose_run` does."""
    return compose_run(recipe, overrides).config


def compose_run(recipe: str, overrides: Sequence[str] = ()) -> Composed:
    """Return a recipe as verl's trainer would compose it, strictly: a key that verl does not know is refused.

    Args:
        recipe: a name, or a path to a YAML file.
        overrides: ``key=value``, Hydra's or with a short name of ``overrides.SHORT_NAMES``.

    Raises:
        InputError: the recipe or verl's configuration is not there, an override is malformed, or a key is unknown. The
            message names the nearest key that is known.
    """
    file = recipe_file(recipe)
    overrides = translate(recipe, overrides)
    config, choices = _hydra(recipe, file, overrides)
    base = verl_defaults(config.model_engine)
    # Hydra's own way to say "I know that this key is new".
    added = [override.lstrip("+").partition("=")[0] for override in overrides if override.startswith("+")]
    for key in _unknown_keys(config, base, ""):
        if not any(key == new or key.startswith(f"{new}.") for new in added):
            check_key(recipe, key)
    parts = {group: str(choices[group]) for group in part_groups() if group in choices}
    return Composed(recipe, file, tuple(overrides), config, parts)


def _hydra(recipe: str, file: Path, overrides: list[str]) -> "tuple[DictConfig, Mapping[str, Any]]":
    """Return what Hydra composes, and the option that it took of each group."""
    import omegaconf
    from hydra import compose, initialize_config_dir
    from hydra.core.plugins import Plugins
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from ttrl_verl.composition import resolvers
    from ttrl_verl.composition.search_path import TTRLSearchPath

    resolvers.register(omegaconf)
    Plugins.instance().register(TTRLSearchPath)
    try:
        with _libyaml(), initialize_config_dir(str(file.parent), version_base=None):
            config = compose(file.stem, overrides=overrides, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        raise InputError(f"{recipe}: {_said(error)}") from error
    except RecursionError as error:
        raise InputError(f"{recipe}: its defaults lists include one another without an end") from error
    choices = config.hydra.runtime.choices
    with omegaconf.open_dict(config):
        del config["hydra"]
    return config, choices


def _unknown_keys(config: "DictConfig", base: Mapping, prefix: str) -> Iterator[str]:
    """Yield the keys of ``config`` that ``base`` lacks. Where the base is an empty or null node, anything goes."""
    for name in config:
        key = f"{prefix}{name}"
        if any(fnmatchcase(key, pattern) for pattern in KEYS_BEYOND_YAML):
            continue
        if name not in base:
            yield key
            continue
        ours, theirs = config._get_node(name), base[name]
        if isinstance(theirs, Mapping) and theirs and isinstance(ours, Mapping):
            yield from _unknown_keys(ours, theirs, f"{key}.")


@contextmanager
def _libyaml() -> Iterator[None]:
    """Put libyaml's loader in the place of ``yaml.SafeLoader``, for all threads, while a recipe is composed.

    OmegaConf subclasses whatever ``yaml.SafeLoader`` is when it opens a file. libyaml's reads verl's long comments in a
    tenth of the time; the two differ in speed alone.
    """
    slow = yaml.SafeLoader
    yaml.SafeLoader = BoundedLoader
    try:
        yield
    finally:
        yaml.SafeLoader = slow


def _said(error: BaseException) -> str:
    """Return an error of Hydra, OmegaConf or PyYAML as one line: with the key where OmegaConf knows it."""
    text = str(error)
    if isinstance(error, yaml.YAMLError):
        return " ".join(text.split())  # the first line alone says what was read, not what is wrong with it
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not line:
        return _said(error.__cause__) if error.__cause__ is not None else type(error).__name__
    key = getattr(error, "full_key", None)
    return f"{key}: {line}" if key and str(key) not in line else line


def plain(config: "DictConfig | ListConfig") -> dict[str, Any]:
    """Return a composed config as plain values, interpolations resolved.

    Raises:
        InputError: an interpolation leads nowhere. The message is OmegaConf's, which names the key.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        return OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        raise InputError(_said(error)) from error
