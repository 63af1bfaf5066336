"""Which recipes there are and which parts they are made of, read from the files alone: Hydra is not imported."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ttrl_verl.composition.places import recipes_dir
from ttrl_verl.composition.yaml_loader import BoundedLoader, TooLargeError
from ttrl_verl.errors import InputError, nearest

_FIELD = re.compile(r"# ([a-z_]+): (.+)")
_NO_GROUPS = ("base", "platform")


def recipe_names() -> list[str]:
    """Return the names of the recipes: the YAML files at the top of the folder, those beneath are parts of them.

    Example:
        >>> "demo_cpu" in recipe_names()
        True
    """
    return sorted(path.stem for path in recipes_dir().glob("*.yaml"))


def recipe_file(recipe: str) -> Path:
    """Return the file of a recipe, given by its name, by an ending of it that is no other's, or as a path to YAML.

    Raises:
        InputError: there is none, or several have that ending. The message names the nearest.

    Example:
        >>> recipe_file("aime24").name
        'ttrl_aime24.yaml'
    """
    own = Path(recipe)
    if own.suffix in (".yaml", ".yml"):
        if not own.is_file():
            raise InputError(f"{recipe}: {'is no file' if own.exists() else 'no such file'}")
        return own.resolve()
    names = recipe_names()
    meant = [recipe] if recipe in names else [name for name in names if name.endswith(f"_{recipe}")]
    if len(meant) > 1:
        raise InputError(f"{recipe!r} is short for several recipes: {', '.join(meant)}")
    if not meant:
        # A short name with a slip has its neighbour among the short names.
        short = {name.partition("_")[2] or name: name for name in names}
        near = [name for name in names if len(recipe) > 2 and recipe in name]
        if not near and (meant_by := nearest(recipe, [*names, *short])):
            near = [short.get(meant_by, meant_by)]
        hint = f"did you mean {', '.join(near)}?" if near else f"expected one of {', '.join(names)}, or a YAML file"
        raise InputError(f"no recipe {recipe!r}; {hint}")
    return recipes_dir() / f"{meant[0]}.yaml"


def part_groups() -> dict[str, list[str]]:
    """Return the groups of parts and the options of each.

    Example:
        >>> part_groups()["estimator"][0]
        'grpo'
    """
    found: dict[str, list[str]] = {}
    for path in sorted(recipes_dir().glob("*/*.yaml")):
        if path.parent.name not in _NO_GROUPS:
            found.setdefault(path.parent.name, []).append(path.stem)
    return found


def header(file: Path) -> dict[str, str]:
    """Return what a recipe or a part says of itself: its comment lines ``# field: value``, and its first as ``title``.

    Example:
        >>> header(recipes_dir() / "hardware" / "8x80gb.yaml")["gpu_memory_gb"]
        '80'
    """
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    comments = [line for line in lines if not line.startswith("# @package")]
    fields = {match[1]: match[2] for line in comments if (match := _FIELD.fullmatch(line))}
    return {"title": comments[0].lstrip("# ") if comments else "", **fields}


def part_header(group: str, option: str) -> dict[str, str]:
    """Return what a part says of itself; see `header`."""
    return header(recipes_dir() / group / f"{option}.yaml")


def prepare_command(recipe: str) -> str | None:
    """Return the command of a recipe's header that writes its question file, if it has one.

    Example:
        >>> prepare_command("ttrl_amc")
        'ttrl-verl prepare amc'
    """
    found = re.search(r"^#\s+(ttrl-verl prepare .+)$", recipe_file(recipe).read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None


def defaults(file: Path) -> list[Any]:
    """Return the defaults list of a file, as it stands there.

    Raises:
        InputError: the file is no YAML.
    """
    return _read(file).get("defaults") or []


def recipe_values(recipe: str) -> Mapping[str, Any]:
    """Return what a recipe's own file says, without what it includes.

    Raises:
        InputError: there is no such recipe, or its file is no YAML.
    """
    return _read(recipe_file(recipe))


def chosen_parts(file: Path) -> dict[str, str]:
    """Return the option that a recipe takes of each group, by its own defaults list and those it includes.

    Example:
        >>> chosen_parts(recipe_file("ttrl_aime24"))["estimator"]
        'grpo'
    """
    found: dict[str, str] = {}
    for entry in defaults(file):
        if isinstance(entry, Mapping):
            found |= {str(group).removeprefix("override ").lstrip("/"): str(name) for group, name in entry.items()}
        elif entry in recipe_names():
            found = chosen_parts(recipes_dir() / f"{entry}.yaml") | found
    return found


def included(file: Path) -> set[str]:
    """Return every file that a recipe includes, as ``group/option``, those that they include as well.

    Example:
        >>> {"base/ttrl", "hardware/8x80gb"} <= included(recipe_file("ttrl_aime24"))
        True
    """
    return _included(file, frozenset())


def _included(file: Path, within: frozenset[Path]) -> set[str]:
    """Return what ``included`` does; ``within`` are the files on the way to this one, which Hydra will refuse here."""
    found: set[str] = set()
    for entry in defaults(file):
        pairs = entry.items() if isinstance(entry, Mapping) else [("", entry)]
        for group, option in pairs:
            group = str(group).removeprefix("override ").lstrip("/")
            name = f"{group}/{option}" if group else str(option).lstrip("/")
            there = [folder / f"{name}.yaml" for folder in (file.parent, recipes_dir())]
            found.add(name)
            after = within | {file}
            found |= next((_included(path, after) for path in there if path.is_file() and path not in after), set())
    return found


def on_cpu(recipe: str, overrides: Iterable[str] = ()) -> bool:
    """Return whether a recipe, with these overrides, runs without an accelerator. Nothing is composed.

    Example:
        >>> on_cpu("demo_cpu"), on_cpu("ttrl"), on_cpu("ttrl", ["hardware=cpu"])
        (True, False, True)
    """
    said = {override.lstrip("+") for override in overrides}
    if said & {"hardware=cpu", "platform=cpu", "trainer.device=cpu"}:
        return True
    return "platform/cpu" in included(recipe_file(recipe))


def describe(recipe: str) -> dict[str, str]:
    """Return what the table of recipes says of one: ``recipe``, ``title``, ``task``, ``model``, ``method``, ``gpus``,
    ``verified``.

    A field of the recipe's header counts; else that of a recipe it includes; else what its parts say.
    """
    file = recipe_file(recipe)
    said = {"method": "", "model": "", "gpus": ""}
    parts = chosen_parts(file)
    if "method" in parts:
        said["method"] = f"{parts['method']}, {part_header('estimator', parts['estimator'])['short']}"
    said["model"] = parts.get("model", "")
    if "hardware" in parts:
        said["gpus"] = part_header("hardware", parts["hardware"])["short"]
    own = header(file)
    return {"task": "", "verified": "", **said, **own, "recipe": file.stem}


def section_keys(section: str) -> list[str]:
    """Return the keys that ``base/ttrl.yaml`` gives a section, dotted: ``ttrl.votes``, …"""
    return [key for key in flat_keys(_read(recipes_dir() / "base" / "ttrl.yaml")) if key.startswith(f"{section}.")]


def flat_keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield every key of nested mappings, dotted, sections and leaves.

    Example:
        >>> list(flat_keys({"a": {"b": 1}}))
        ['a', 'a.b']
    """
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from flat_keys(value, f"{prefix}{name}.")


@cache
def _read(file: Path) -> Mapping[str, Any]:
    try:
        values = yaml.load(file.read_text(encoding="utf-8"), Loader=BoundedLoader)
    except TooLargeError as error:
        raise InputError(f"{file}: {error}") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise InputError(f"{file}: is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, Mapping):
        raise InputError(f"{file}: holds no mapping; expected a recipe")
    return values
