"""Hydra asks for its search path, and finds the recipes: in every program that has imported verl.

Hydra looks for plugins below a top-level package ``hydra_plugins``. A scan of that package does not see an editable
install, and a second package at the top level would be ours to defend. ``python -m verl.trainer.main_ppo`` imports verl
before it starts Hydra, and ``import verl`` loads `ttrl_verl.plugin`: so the plugin is registered there, by Hydra's own
`Plugins.register`. Where verl loads no plugins (``VERL_USE_EXTERNAL_PLUGINS=none``), it takes ``--config-dir``.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt

from ttrl_verl.hooks import when_imported


def register() -> None:
    """Wait for Hydra's list of plugins: a process that never composes does not import Hydra on our account."""
    when_imported("hydra.core.plugins", _wrap)


def _wrap(module: ModuleType) -> None:
    # At each question, not once: `Plugins` is a singleton that Hydra builds late, and anew when its state is restored.
    wrapt.wrap_function_wrapper(module, "Plugins.discover", _with_ours)


def _with_ours(wrapped: Callable, plugins: Any, args: tuple, kwargs: dict) -> Any:
    from ttrl_verl.composition.search_path import TTRLSearchPath

    plugins.register(TTRLSearchPath)
    return wrapped(*args, **kwargs)
