"""Patch: what a recipe for this machine says of a new Ray, where a cluster is joined; what Ray starts, where none is.

The platform's part sets ``ray_kwargs.ray_init.num_cpus``, ``num_gpus`` and ``include_dashboard``, which Ray takes where
``ray.init`` starts it. With ``RAY_ADDRESS`` (which ``ray job submit`` sets, too) it joins a cluster, whose size
``ray start`` was told, and raises "num_cpus and num_gpus must not be provided". There the three are left out.
"""

import logging
import os
import shlex
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import wrapt

from ttrl_verl.cpu.forks.start import launcher, stop, workers_variables
from ttrl_verl.hooks import when_imported
from ttrl_verl.preflight.ray_address import joins

OF_A_NEW_RAY = ("num_cpus", "num_gpus", "include_dashboard")
"""What is said of a Ray that starts here."""

_logger = logging.getLogger(__name__)


def register() -> None:
    """Wrap ``ray.init`` as soon as Ray is imported."""
    when_imported("ray", _wrap)


def fit_for_ray(options: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of ``ray.init`` without those that a cluster refuses, where one is joined.

    Args:
        options: the keyword arguments.
        environment: of ``ray_address.joins``.

    Example:
        >>> fit_for_ray({"num_cpus": 16, "namespace": "mine"}, {"RAY_ADDRESS": "10.0.0.1:6379"})
        {'namespace': 'mine'}
        >>> fit_for_ray({"num_cpus": 16}, {})
        {'num_cpus': 16}
    """
    if not joins(options, environment):
        return dict(options)
    return {name: value for name, value in options.items() if name not in OF_A_NEW_RAY}


def forked(options: Mapping[str, Any], launcher: str, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of ``ray.init`` with a launcher for its workers' Python.

    A recipe that gives its workers a Python, variables or files of its own has them start as Ray does: a module may
    read them when it is imported.

    Args:
        options: the keyword arguments.
        launcher: a command, as a shell reads it.
        known: ``forks.start.workers_variables``.

    Example:
        >>> forked({"runtime_env": {"py_executable": None, "env_vars": {"A": "1"}}}, "/tmp/python", {"A": "1"})
        {'runtime_env': {'py_executable': '/tmp/python', 'env_vars': {'A': '1'}}}
        >>> forked({"runtime_env": {"env_vars": {"MINE": "1"}}}, "/tmp/python", {"A": "1"})
        {'runtime_env': {'env_vars': {'MINE': '1'}}}
    """
    runtime = options.get("runtime_env") or {}
    own = [name for name, value in runtime.items() if value and name != "env_vars"]
    if own or not dict(runtime.get("env_vars") or {}).items() <= known.items():
        return dict(options)
    return {**options, "runtime_env": {**runtime, "py_executable": launcher}}


def _wrap(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "init", _init)


def _init(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    # A first argument without a name is an address.
    said = {"address": args[0], **kwargs} if args else kwargs
    fit = fit_for_ray(said, os.environ)
    if stands_in := launcher():
        own = fit if joins(said, os.environ) else forked(fit, shlex.quote(stands_in), workers_variables())
        if own == fit:
            stop()  # nobody will ask the fork server
        fit = own
    if args:
        del fit["address"]
    if len(fit) < len(kwargs):
        _logger.info("joins the Ray cluster that is there: left out %s", sorted(kwargs.keys() - fit.keys()))
    return wrapped(*args, **fit)
