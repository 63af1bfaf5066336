"""Where files lie: the recipes, verl's own configuration, and what a run names; found without Hydra or verl."""

import importlib.util
import os
import re
from pathlib import Path

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_remote(name: object) -> bool:
    """Return whether a name is of a remote store.

    Example:
        >>> is_remote("hdfs://cluster/q.parquet"), is_remote("s3://bucket/q.jsonl"), is_remote("/data/q.jsonl")
        (True, True, False)
    """
    return isinstance(name, str) and _REMOTE.match(name) is not None


def absolute_path(name: str) -> str:
    """Return a file's path in full, from the working directory; a name of a remote store as it stands.

    Example:
        >>> absolute_path("/data/../q.jsonl"), absolute_path("s3://bucket/q.jsonl")
        ('/q.jsonl', 's3://bucket/q.jsonl')
    """
    return name if is_remote(name) else os.path.abspath(Path(name).expanduser())


def recipes_dir() -> Path:
    """Return the folder of the recipes: in the package where it is installed, at the top of a clone."""
    package = Path(__file__).parents[1]
    installed = package / "recipes"
    return installed if installed.is_dir() else package.parent / "recipes"


def verl_config_dir() -> Path | None:
    """Return the folder of verl's own YAML files, without importing verl; ``None`` where verl is not installed."""
    spec = importlib.util.find_spec("verl")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "trainer" / "config"
