"""Patch: a recipe for this machine says how large Ray is to be, and Ray refuses that where a cluster is there already.

The platform's part sets ``ray_kwargs.ray_init.num_cpus``, ``num_gpus`` and ``include_dashboard``, which Ray takes where
``ray.init`` starts it. With ``RAY_ADDRESS`` (which ``ray job submit`` sets, too) it joins a cluster, whose size
``ray start`` was told, and raises "num_cpus and num_gpus must not be provided". There the three are left out.
"""

import logging
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import wrapt

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


def _wrap(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "init", _init)


def _init(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    # A first argument without a name is an address.
    fit = fit_for_ray({"address": args[0], **kwargs} if args else kwargs, os.environ)
    if args:
        del fit["address"]
    if len(fit) < len(kwargs):
        _logger.info("joins the Ray cluster that is there: left out %s", sorted(kwargs.keys() - fit.keys()))
    return wrapped(*args, **fit)
