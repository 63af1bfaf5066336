"""How large a configuration is once its interpolations are written out: they double as aliases do, and nobody shares.

OmegaConf resolves each anew wherever it stands: ten of ten of ten, ten deep, are 10^10 resolutions of a few lines.
"""

import re
from collections.abc import Mapping
from typing import Any

from ttrl_verl.errors import InputError

LARGEST = 2_000_000
"""Characters and values of a configuration with its interpolations written out; a run of ours has some 14,000."""

# The innermost one alone, such as the two of ${ttrl_verl.sum:${a.b},${.c}}.
_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_BETWEEN = re.compile(r"[:,\s]+")

Place = tuple[str | int, ...]


def check_size(written: Mapping[str, Any]) -> None:
    """Check that a configuration stays small when its interpolations are resolved.

    A reference whose name is itself an interpolation is not followed.

    Args:
        written: as plain values, interpolations as they are written.

    Raises:
        InputError: it does not. The message names the key that is the first to be too large.
    """
    _size(written, (), {})


def _size(root: Any, path: Place, known: dict[Place, int | None]) -> int:
    """Return how much a value stands for; ``known`` has what was counted, ``None`` for what was begun."""
    if path in known:
        return known[path] or 0  # OmegaConf tells a value that leads back to itself
    known[path] = None
    value = _at(root, path)
    if isinstance(value, Mapping):
        parts = [(*path, key) for key in value]
    elif isinstance(value, list):
        parts = [(*path, index) for index in range(len(value))]
    else:
        parts = list(_targets(root, path, value)) if isinstance(value, str) else []
    found = known[path] = (
        1 + len(str(value) if isinstance(value, str) else "") + sum(_size(root, part, known) for part in parts)
    )
    if found > LARGEST:
        key = ".".join(map(str, path)) or "the configuration"
        raise InputError(f"{key} stands for more than {LARGEST} characters where its interpolations are written out")
    return found


def _targets(root: Any, path: Place, text: str) -> list[Place]:
    words = [word for inner in _INNERMOST.findall(text) for word in _BETWEEN.split(inner)]
    found = []
    for word in words:
        name = word.lstrip(".")
        up = len(word) - len(name)
        parts: list[str | int] = [
            int(part) if part.isdecimal() else part for part in re.split(r"[.\[\]]+", name) if part
        ]
        target = (*(path[:-up] if up else ()), *parts)
        if parts and _at(root, target) is not None:
            found.append(target)
    return found


def _at(root: Any, path: Place) -> Any:
    for part in path:
        try:
            root = root[part]
        except (KeyError, IndexError, TypeError):
            return None
    return root
