"""Whether the weights of a model's folder are whole, by what the files say of themselves; no weight is read.

A download that ended early, or a copy to a full disk, loads until its last layer: vLLM says so after minutes.
"""

import json
import os
import struct
from pathlib import Path
from typing import Any

_LONGEST_HEADER = 100 * 2**20  # the format's own limit
INDEX = "model.safetensors.index.json"


def weights_problem(folder: Path) -> str | None:
    """Return what is missing of a model's folder, or ``None``; weights in other formats are not looked at.

    Args:
        folder: the model's.
    """
    if not (folder / "config.json").is_file():
        return f"{folder}: has no config.json; expected a model's folder"
    index = folder / INDEX
    if index.exists():
        named = read_object(index).get("weight_map")
        if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
            return f"{index}: names no files of weights"
        if gone := sorted({name for name in named.values() if not (folder / name).is_file()}):
            return f"{folder / gone[0]}: no such file; {INDEX} names it"
    return next((said for file in sorted(folder.glob("*.safetensors")) if (said := _cut(file))), None)


def _cut(file: Path) -> str | None:
    header = read_header(file)
    try:
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        end = max(ends, default=0)
        if not header or not isinstance(end, int):
            return f"{file}: is no file of weights"
    except (TypeError, KeyError, IndexError):
        return f"{file}: is no file of weights"
    with file.open("rb") as weights:
        whole = 8 + struct.unpack("<Q", weights.read(8))[0] + end
    size = os.stat(file).st_size
    return None if size >= whole else f"{file}: has {size:,} bytes of {whole:,}; expected the whole file"


def read_header(file: Path) -> dict[str, Any]:
    """Return the header of a file of weights, a length of eight bytes and JSON; nothing where it cannot be read."""
    try:
        with file.open("rb") as weights:
            (length,) = struct.unpack("<Q", weights.read(8))
            found = json.loads(weights.read(length)) if length <= _LONGEST_HEADER else {}
    except (OSError, ValueError, RecursionError, struct.error):
        return {}
    return found if isinstance(found, dict) else {}


def read_object(file: Path) -> dict[str, Any]:
    """Return the object of a JSON file; nothing where it cannot be read or holds something else."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
