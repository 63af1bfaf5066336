"""What a name stands for: the one rule for rewards, answer types and checks.

A name is, in this order:

* ``path/to/file.py:function``: a function of a file of one's own;
* ``pkg://module:function``: a function of a module that can be imported;
* a name of the registry, such as ``majority_vote``;
* the name of an entry point, which an installed package declares in the group ``ttrl_verl.rewards``,
  ``ttrl_verl.answer_types`` or ``ttrl_verl.checks``.

Whatever keeps it from being found is told in one line. Loading a file or a package runs its code.
"""

import difflib
import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

Kind = Literal["reward", "answer type", "check"]

GROUPS: dict[Kind, str] = {
    "reward": "ttrl_verl.rewards",
    "answer type": "ttrl_verl.answer_types",
    "check": "ttrl_verl.checks",
}
"""The entry points' group of each kind."""

_PACKAGE = "pkg://"


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for.

    Attributes:
        value: the object.
        origin: where it came from: ``ttrl_verl``, a file's path, a module, or a distribution and its module.
        own: whether it is a user's, and not of this package.
    """

    value: Any
    origin: str
    own: bool


def find(name: str, kind: Kind, registry: Mapping[str, Any]) -> Named:
    """Return what a name stands for.

    Args:
        name: see the module.
        kind: what it should be; it chooses the group of entry points.
        registry: this package's own.

    Raises:
        ValueError: there is no such file, module, function or name, or the import fails. The message is one line.
    """
    if is_path(name):
        file, function = _parts(name, name, kind)
        path = Path(file).expanduser().absolute()
        return Named(_member(_load(path, name, kind), function, name, kind), str(path), True)
    if name.startswith(_PACKAGE):
        module, function = _parts(name.removeprefix(_PACKAGE), name, kind)
        return Named(_member(_import(module, name, kind), function, name, kind), module, True)
    if name in registry:
        return Named(registry[name], "ttrl_verl", False)
    if (point := _points(kind).get(name)) is not None:
        origin = f"{point.dist.name} {point.dist.version}, {point.value}" if point.dist else point.value
        return Named(_member(_import(point.module, name, kind), point.attr, name, kind), origin, True)
    known = [*sorted(registry), *sorted(_points(kind))]
    raise ValueError(
        f"unknown {kind} {name!r}; expected one of {', '.join(known)}, pkg://module:function or file.py:function"
        f"{_did_you_mean(name, known)}"
    )


def is_path(name: str) -> bool:
    """Return whether a name is a function of a file.

    Example:
        >>> is_path("mine.py:rarest"), is_path("mine.py"), is_path("pkg://mine.votes:rarest")
        (True, True, False)
    """
    return not name.startswith(_PACKAGE) and (name.endswith(".py") or ".py:" in name)


def is_elsewhere(name: str) -> bool:
    """Return whether a name spells out where it is: a file or a module."""
    return is_path(name) or name.startswith(_PACKAGE)


def is_own(name: str, registry: Mapping[str, Any]) -> bool:
    """Return whether a name is a user's, without loading it."""
    return is_elsewhere(name) or name not in registry


def absolute(name: str, folder: Path | None = None) -> str:
    """Return a name with its file's path in full, so that another process finds it; any other name as it stands.

    Args:
        name: of a reward, an answer type or a check.
        folder: what a relative path starts from; the working directory where it is ``None``.

    Example:
        >>> absolute("mine.py:rarest", Path("/home/me")), absolute("majority_vote")
        ('/home/me/mine.py:rarest', 'majority_vote')
    """
    if not is_path(name):
        return name
    file, colon, function = name.rpartition(":") if ".py:" in name else (name, "", "")
    return f"{(folder or Path.cwd()) / Path(file).expanduser()}{colon}{function}"


def entry_point_names(kind: Kind) -> list[str]:
    """Return the names that installed packages declare. Nothing is imported."""
    return sorted(_points(kind))


def reason(error: BaseException, file: str | None = None) -> str:
    """Return an error in one line: its type, the first line of what it says, and the line of the file it came from.

    Example:
        >>> reason(KeyError("a"))
        "KeyError: 'a'"
    """
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}{': ' if said else ''}{said:.300}{where}"


def _parts(rest: str, name: str, kind: Kind) -> tuple[str, str]:
    place, _, function = rest.rpartition(":")
    if not place or not function.isidentifier():
        expected = "pkg://module:function" if name.startswith(_PACKAGE) else "file.py:function"
        raise ValueError(f"the {kind} {name} names no function; expected {expected}")
    return place, function


def _load(path: Path, name: str, kind: Kind) -> ModuleType:
    """Return the module of a file, run once a process, under a name that no other module has."""
    if not path.is_file():
        raise ValueError(f"the {kind} {name}: no such file {path}")
    module_name = f"ttrl_verl_own_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # a dataclass looks its module up while it is made
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise ValueError(f"the {kind} {name}: {path} cannot be imported: {reason(error, str(path))}") from error
    return module


def _import(module: str, name: str, kind: Kind) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(f"the {kind} {name}: {module} cannot be imported: {reason(error)}") from error


def _member(module: ModuleType, function: str, name: str, kind: Kind) -> Any:
    if hasattr(module, function):
        return getattr(module, function)
    own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    raise ValueError(f"the {kind} {name}: {module.__file__} has no {function}{_did_you_mean(function, own)}")


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return the end of a message about a misspelt word, as ``errors.nearest`` does, which rewards do not import."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


@cache
def _points(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUPS[kind])}
