"""Whether a run starts a Ray of its own or joins a cluster that is there: the one rule, for whatever asks it."""

from collections.abc import Mapping
from typing import Any


def joins(ray_init: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Return whether ``ray.init`` is told a cluster that is there, as Ray reads it: its argument, then the environment.

    A run on several nodes joins one as well, as a node of it, where neither names it.

    Args:
        ray_init: the arguments of ``ray.init``: ``ray_kwargs.ray_init`` of the configuration.
        environment: ``RAY_ADDRESS`` is read, which ``ray job submit`` sets, too; ``local`` asks for a new Ray.

    Example:
        >>> joins({}, {"RAY_ADDRESS": "10.0.0.1:6379"}), joins({"address": "auto"}, {})
        (True, True)
        >>> joins({}, {"RAY_ADDRESS": "local"}), joins({"address": "local"}, {"RAY_ADDRESS": "10.0.0.1:6379"})
        (False, False)
    """
    return (ray_init.get("address") or environment.get("RAY_ADDRESS") or "local") != "local"
