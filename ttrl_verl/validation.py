"""What pydantic found wrong with a section of a configuration, as one line."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ttrl_verl.errors import nearest

_KINDS = ("int", "list[str]")
"""Pydantic's words, in an error's path, for the kinds that a value may be of."""


def first_error(error: ValidationError, root: str, model: type[BaseModel]) -> str:
    """Return what is wrong in a line: a misspelt key first, for what it left unset is missing too."""
    found = error.errors()
    first = min(found, key=lambda one: one["type"] != "extra_forbidden")
    if first["loc"][-1] in _KINDS:
        # Of several kinds that a value may be of, the one that it is most like: a list of numbers is no whole number.
        within = len(first["loc"]) - 1
        first = max(
            (one for one in found if one["loc"][:within] == first["loc"][:within]), key=lambda one: len(one["loc"])
        )
    path = [str(part) for part in first["loc"] if part not in _KINDS]
    key = ".".join([root, *path])
    section, known = ".".join([root, *path[:-1]]), _keys(model, path[:-1])
    if first["type"] == "extra_forbidden":
        near = nearest(path[-1], known)
        hint = f"did you mean {section}.{near}?" if near else f"its keys are {', '.join(known)}"
        return f"{key} is no key of this section; {hint}"
    if first["type"] == "missing":
        return f"{key} is missing; expected {known[path[-1]].annotation}"
    return f"{key} is {first['input']!r}; {first['msg'][0].lower()}{first['msg'][1:]}"


def _keys(model: Any, path: Sequence[str]) -> Mapping[str, Any]:
    """Return the fields of a section within a model, by name; a number in the path is a place in a list."""
    for name in path:
        if not name.isdecimal():
            model = _section(model.model_fields[name].annotation)
        if model is None:
            return {}
    return model.model_fields


def _section(annotation: Any) -> Any:
    """Return the section that a field holds, perhaps in a list; ``None`` where it holds none."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part)) is not None), None)
