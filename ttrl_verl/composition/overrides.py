"""Overrides as a person types them, to Hydra's: short names become keys, a misspelt key is told at once.

Nothing here imports Hydra, so that a slip is one line in a fraction of a second.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ttrl_verl.composition.catalogue import (
    chosen_parts,
    flat_keys,
    part_groups,
    recipe_file,
    recipe_values,
    section_keys,
)
from ttrl_verl.composition.places import verl_config_dir
from ttrl_verl.composition.yaml_loader import BoundedLoader
from ttrl_verl.errors import InputError, nearest
from ttrl_verl.reward_fns.names import absolute, is_path

SHORT_NAMES = {
    "model": "actor_rollout_ref.model.path",
    "data": "data.train_files",
    "val": "data.val_files",
    "votes": "ttrl.votes",
    "kept": "actor_rollout_ref.rollout.n",
    "labels": "ttrl.choices",
    "reward": "reward.reward_manager.name",
    "answer_type": "ttrl.answer_type",
    "check": "ttrl.check",
    "keep": "ttrl.keep",
    "temperature": "actor_rollout_ref.rollout.temperature",
    "lr": "actor_rollout_ref.actor.optim.lr",
    "batch": "data.train_batch_size",
    "steps": "trainer.total_training_steps",
    "epochs": "trainer.total_epochs",
    "nodes": "trainer.nnodes",
    "gpus": "trainer.n_gpus_per_node",
    "tp": "actor_rollout_ref.rollout.tensor_model_parallel_size",
    "seed": "data.seed",
    "out": "trainer.default_local_dir",
}
"""The short names of `ttrl-verl train`, and the key that each stands for. What ``_SPECIAL`` has does a little more."""

# Keys that verl reads although its YAML does not list them. All else beyond the YAML is taken for a misspelt key.
KEYS_BEYOND_YAML = (
    "ttrl",
    "data.ttrl",
    "actor_rollout_ref.*.fsdp_config.mixed_precision",  # FSDPEngineConfig has the field
    "critic.fsdp.mixed_precision",
    "actor_rollout_ref.rollout.enable_sleep_mode",  # RolloutConfig has the field
    "ray_kwargs.ray_init.*",  # goes to ray.init as it stands
    "actor_rollout_ref.rollout.agent.agent_loop_manager_class",  # read in main_ppo.py
)

OWN_KEYS = ("reward.reward_manager.name", "ttrl.answer_type", "ttrl.check", "ttrl.rewards")
"""Keys that may name a function of a user's own file. Its path is made absolute: other processes look it up, too."""

_OWN_FILE = re.compile(r"""(['"]?)((?:[\w.~-]*/)*[\w.-]+\.py:\w+)\1""")

# Unquoted, Hydra reads these as a number, a Boolean or nothing.
_NO_TEXT = re.compile(r"[+-]?[0-9_]*\.?[0-9_]*(?:e[+-]?[0-9_]+)?|[+-]?(?:inf|nan)|true|false|null", re.IGNORECASE)
_OVERRIDE = re.compile(r"(?P<sign>\+\+|\+|~)?(?P<key>[^=]+)(?:=(?P<value>.*))?", re.DOTALL)


def translate(recipe: str, overrides: Sequence[str]) -> list[str]:
    """Return overrides for Hydra, their short names replaced, their keys checked.

    Args:
        recipe: a name, or a path to a YAML file.
        overrides: ``KEY=VALUE``, the key Hydra's or one of ``SHORT_NAMES``, or a group of parts such as ``estimator``.

    Raises:
        InputError: an override has no value, or a key or an option is unknown. The message names the nearest.

    Example:
        >>> translate("aime24", ["votes=16", "model=/models/mine"])
        ['ttrl.votes=16', 'actor_rollout_ref.model.path=/models/mine']
    """
    found: list[str] = []
    for override in overrides:
        match = _OVERRIDE.fullmatch(override)
        if match is None or (match["value"] is None and match["sign"] != "~"):
            raise InputError(f"{override!r} is no override; expected KEY=VALUE")
        sign, key, value = match["sign"] or "", match["key"], match["value"] or ""
        groups = part_groups()
        if not sign and key in groups and not (key == "model" and value not in groups["model"]):
            found.append(_part(recipe, key, value))
        elif not sign and key in SHORT_NAMES:
            found += _SPECIAL.get(key, _plainly)(key, value)
        else:
            if not sign and "@" not in key:
                check_key(recipe, key)
            found.append(override)
    found = [_located(override) for override in found]
    return [*found, *_located_in(recipe, {override.lstrip("+").partition("=")[0] for override in found})]


def quoted(value: object) -> str:
    """Return a value in Hydra's override grammar: what it reads there is this value, text as text.

    Example:
        >>> quoted(["a b.jsonl", 3, "3", "plain"])
        "['a b.jsonl',3,'3',plain]"
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str() if re.fullmatch(r"[A-Za-z0-9_./@-]+", value) and not _NO_TEXT.fullmatch(value):
            return value
        case str():
            # A backslash before a quote would be read as its escape.
            escaped = re.sub(r"(\\*)'", lambda found: found[1] * 2 + "\\'", value)
            trailing = len(escaped) - len(escaped.rstrip("\\"))
            return f"'{escaped}{chr(92) * trailing}'"
        case list():
            return f"[{','.join(quoted(item) for item in value)}]"
        case dict():
            return f"{{{','.join(f'{key}:{quoted(item)}' for key, item in value.items())}}}"
    return str(value)


def check_key(recipe: str, key: str) -> None:
    """Check that a key is one of verl's, or of the section ``ttrl``.

    Raises:
        InputError: it is not. The message names the nearest.
    """
    if is_known(key):
        return
    near = nearest_key(key)
    hint = f"; did you mean {near}?" if near else ""
    where = "this section" if key.startswith("ttrl.") else "verl's configuration"
    raise InputError(f"{recipe}: {key} is no key of {where}{hint} (+{key}=... sets it all the same)")


def is_known(key: str) -> bool:
    """Return whether a key can be set: it is listed, or lies below a node that verl leaves open."""
    if key in known_keys() or any(fnmatchcase(key, pattern) for pattern in KEYS_BEYOND_YAML if "*" in pattern):
        return True
    parents = [key[: dot.start()] for dot in re.finditer(r"\.", key)]
    return any(parent in known_keys() and known_keys()[parent] in (None, {}) for parent in parents)


def nearest_key(key: str) -> str | None:
    """Return what a misspelt key was meant to be, if anything comes near: of its own section, else of all.

    Example:
        >>> nearest_key("actor_rollout_ref.rollout.temprature")
        'actor_rollout_ref.rollout.temperature'
        >>> nearest_key("rollout.temperature")
        'actor_rollout_ref.rollout.temperature'
    """
    section, _, name = key.rpartition(".")
    siblings = [known.rpartition(".")[2] for known in known_keys() if known.rpartition(".")[0] == section]
    if not section:
        siblings += [*SHORT_NAMES, *part_groups()]
    if near := nearest(name, siblings):
        return f"{section}.{near}" if section else near
    ends = [known for known in known_keys() if known.endswith(f".{key}")]
    if ends:
        return min(ends, key=len)
    return nearest(key, known_keys(), cutoff=0.8)


@cache
def known_keys() -> Mapping[str, Any]:
    """Return every key that can be set, dotted, with verl's default; sections are keys as well."""
    values = verl_defaults("dp")
    keys = {key: _value(values, key) for key in flat_keys(values)}
    return keys | dict.fromkeys(section_keys("ttrl"))


@cache
def verl_defaults(model_engine: str) -> dict[str, Any]:
    """Return verl's defaults as the flattened file that verl ships for reference: read in a twentieth of the time.

    Raises:
        InputError: verl is not installed.
    """
    folder = verl_config_dir()
    if folder is None:
        raise InputError("verl is not installed; expected verl 0.9.1 (`ttrl-verl check` says what else is missing)")
    suffix = "" if model_engine == "dp" else f"{model_engine}_"
    file = folder / f"_generated_ppo_{suffix}trainer.yaml"
    return {"model_engine": model_engine, **yaml.load(file.read_text(encoding="utf-8"), Loader=BoundedLoader)}


def _value(values: Mapping[str, Any], key: str) -> Any:
    for name in key.split("."):
        values = values[name]
    return values


def _located(override: str) -> str:
    """Return an override with the paths of a user's files absolute."""
    key, equals, value = override.partition("=")
    if key.lstrip("+") not in OWN_KEYS:
        return override
    if value.startswith("["):
        return key + equals + _OWN_FILE.sub(lambda match: quoted(absolute(match[2])), value)
    return key + equals + (quoted(absolute(value.strip("'\""))) if is_path(value.strip("'\"")) else value)


def _located_in(recipe: str, overridden: Collection[str]) -> Iterator[str]:
    """Yield overrides that make absolute what a user's recipe names by a relative path, from the working directory."""
    if Path(recipe).suffix not in (".yaml", ".yml"):
        return
    values = recipe_values(recipe)
    for key in OWN_KEYS:
        value = value_or_none(values, key)
        located = _absolute_names(value)
        if located != value and key not in overridden:
            yield f"{key}={quoted(located)}"


def _absolute_names(value: Any) -> Any:
    match value:
        case str():
            return absolute(value)
        case list():
            return [_absolute_names(entry) for entry in value]
        case {"name": str() as name}:
            return {**value, "name": absolute(name)}
    return value


def value_or_none(values: Any, key: str) -> Any:
    """Return what a key with dots stands for in nested dictionaries; ``None`` where it is not there."""
    for name in key.split("."):
        if not isinstance(values, Mapping) or name not in values:
            return None
        values = values[name]
    return values


def _part(recipe: str, group: str, option: str) -> str:
    """Return the override that takes another part; with Hydra's ``+`` where the recipe has none of that group."""
    options = part_groups()[group]
    if option not in options:
        near = nearest(option, options)
        hint = f"did you mean {near}?" if near else f"expected one of {', '.join(options)}"
        raise InputError(f"{group}={option}: no such part; {hint}")
    return f"{'' if group in chosen_parts(recipe_file(recipe)) else '+'}{group}={option}"


def _plainly(key: str, value: str) -> Iterator[str]:
    yield f"{SHORT_NAMES[key]}={value}"


def _model(key: str, value: str) -> Iterator[str]:
    """A folder or a hub id; what is neither is a misspelt name of ours."""
    options = part_groups()["model"]
    if not value or ("/" not in value and not Path(value).expanduser().is_dir()):
        near = nearest(value, options)
        hint = f"; did you mean {near}?" if near else f": {', '.join(options)}"
        raise InputError(f"model={value}: is no folder and no hub id (organisation/name), and no model of ours{hint}")
    yield f"{SHORT_NAMES[key]}={quoted(value)}"


def _files(key: str, value: str) -> Iterator[str]:
    listed = value if value.startswith("[") else f"[{quoted(value)}]"
    yield f"{SHORT_NAMES[key]}={listed}"


def _labels(key: str, value: str) -> Iterator[str]:
    """The labels, and the line that tells the model what they are; examples in a chat tell it already."""
    labels = [label.strip() for label in value.strip("[]").split(",") if label.strip()]
    if len(labels) < 2:
        raise InputError(f"labels={value}: expected at least two, with commas between")
    yield f"{SHORT_NAMES[key]}={quoted(labels)}"
    yield "ttrl.prompt_suffix=" + quoted(f"\n\nAnswer with one of: {', '.join(labels)}.")
    yield "ttrl.suffix_to=without_examples"


def _folder(key: str, value: str) -> Iterator[str]:
    """A run's folder, as `ttrl_verl.record` lays it out: checkpoints, and validation beside them."""
    yield f"{SHORT_NAMES[key]}={quoted(value)}"
    yield f"trainer.validation_data_dir={quoted(str(Path(value) / 'validation'))}"


def _seed(key: str, value: str) -> Iterator[str]:
    """One seed for all that draws: the order of the questions, the sampling, the order within a step's update."""
    keys = (SHORT_NAMES[key], "actor_rollout_ref.rollout.seed", "actor_rollout_ref.actor.data_loader_seed")
    yield from (f"{name}={value}" for name in keys)


_SPECIAL: Mapping[str, Callable[[str, str], Iterator[str]]] = dict(
    model=_model, data=_files, val=_files, labels=_labels, out=_folder, seed=_seed
)
