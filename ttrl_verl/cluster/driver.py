"""Patch: what verl's driver does before and after ``ray.init``, which is all that it does on its own machine.

``verl.trainer.main_ppo.run_ppo`` (0.9.1) asks ``get_ppo_ray_runtime_env(config)`` for the environment of its workers,
and starts Ray or joins a cluster. A worker of a cluster that is there inherits from its node, not from the driver: the
command that the record is to hold goes with the environment. What a cluster is looked at for needs the configuration,
which no later hook of this process is given.
"""

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt

from ttrl_verl.cluster.nodes import NodeWatch, alive, end_this_process, patience_of, say
from ttrl_verl.cluster.shared_folder import check_shared
from ttrl_verl.errors import InputError
from ttrl_verl.hooks import patch, when_imported
from ttrl_verl.preflight.ray_address import joins
from ttrl_verl.record import COMMAND_VARIABLE

_configs: list[Any] = []
"""The configuration that the environment was asked for, at most one: the next ``ray.init`` is this run's."""


def register() -> None:
    """Wrap both as soon as they are imported, before verl's driver imports them by name."""
    patch("verl.trainer.constants_ppo", {"get_ppo_ray_runtime_env": _environment})
    when_imported("ray", _wrap)


def _environment(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> dict[str, Any]:
    found = wrapped(*args, **kwargs)
    config = args[0] if args else kwargs.get("config")
    if config is not None:
        _configs[:] = [config]
    command = os.environ.get(COMMAND_VARIABLE)
    if command is not None:
        from ttrl_verl.record.manifest import hide_in_command  # pydantic, which not every process of a run needs

        found["env_vars"][COMMAND_VARIABLE] = hide_in_command(command)
    return found


def _wrap(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "init", _init)


def _init(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    started = wrapped(*args, **kwargs)
    if _configs:
        look_at_cluster(_configs.pop())
    return started


def look_at_cluster(config: Any) -> None:
    """Watch the nodes of a cluster that was joined, and check that they see the run's folder.

    Args:
        config: the composed configuration.

    Raises:
        SystemExit: with status 2, the folder is not seen where it must be; a line was written.
    """
    import ray

    nodes = alive(ray.nodes())
    if len(nodes) < 2 and not joins(config.ray_kwargs.ray_init, os.environ):
        return
    try:
        odd = check_shared(config.trainer.default_local_dir, nodes, nodes_needed(config))
    except InputError as error:
        say(str(error))
        raise SystemExit(2) from error
    if odd is not None:
        say(f"warning: {odd}")
    NodeWatch(nodes, nodes_needed(config), say, end_this_process, patience_of(config)).start()


def nodes_needed(config: Any) -> int:
    """Return how many nodes with GPUs a run takes: those that train, and those of their own for vLLM."""
    separate = config.trainer.v1.trainer_mode == "separate_async"
    return config.trainer.nnodes + (config.actor_rollout_ref.rollout.nnodes if separate else 0)
