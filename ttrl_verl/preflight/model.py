"""What can be known of a model without loading it: its folder on this machine, its shape, its chat template."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from ttrl_verl.composition.catalogue import YAML_LOADER, header
from ttrl_verl.composition.places import recipes_dir
from ttrl_verl.preflight.memory import Shape, shape, shape_of_config


def model_folder(name: str) -> Path | None:
    """Return the folder of a model on this machine: a path, or the hub's cache; ``None`` where it is in neither.

    Args:
        name: ``actor_rollout_ref.model.path``: a folder or a hub id.
    """
    own = Path(name).expanduser()
    if own.is_dir():
        return own
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser() / f"models--{name.replace('/', '--')}"
    try:
        revision = (cache / "refs" / "main").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    snapshot = cache / "snapshots" / revision
    # A revision is the name of a folder there, whatever the file says.
    return snapshot if revision.isalnum() and snapshot.is_dir() else None


def has_chat_template(folder: Path) -> bool:
    """Return whether a model's folder holds a chat template, in any of the three places that there are for one."""
    if (folder / "chat_template.jinja").is_file():
        return True
    for file in (folder / "tokenizer_config.json", folder / "chat_template.json"):
        try:
            if json.loads(file.read_text(encoding="utf-8")).get("chat_template"):
                return True
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
    return False


def model_shape(name: str, parts: Mapping[str, str]) -> Shape | None:
    """Return a model's shape: from its ``config.json``, else from the header of the recipe's part of it.

    Args:
        name: ``actor_rollout_ref.model.path``.
        parts: the parts that the recipe took.
    """
    folder = model_folder(name)
    if folder is not None and (found := shape_of_config(folder / "config.json")) is not None:
        return found
    file = recipes_dir() / "model" / f"{parts.get('model', '')}.yaml"
    # Where `actor_rollout_ref.model.path` was set over the part, the part's shape is another model's.
    if not file.is_file() or f"    path: {name}\n" not in file.read_text(encoding="utf-8"):
        return None
    return shape(yaml.load(header(file)["sizes"], Loader=YAML_LOADER))


def gpu_memory(parts: Mapping[str, str]) -> float | None:
    """Return the memory of a GPU, in GB, that the recipe's part ``hardware`` is for; ``None`` where it is for none."""
    file = recipes_dir() / "hardware" / f"{parts.get('hardware', '')}.yaml"
    stated = header(file).get("gpu_memory_gb", "none") if file.is_file() else "none"
    return None if stated == "none" else float(stated)
