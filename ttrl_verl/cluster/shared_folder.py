"""Whether every node sees the run's folder: a rank writes its part of a checkpoint where it is, seen by others or not.

A small Ray task on each node looks for a file that the driver wrote there. Without it the first checkpoint of a run
whose folder is not shared is in halves, on disks of several machines, and nobody is told before it is to be loaded.
"""

import contextlib
import uuid
from collections.abc import Collection, Sequence
from pathlib import Path

from ttrl_verl.cluster.nodes import Node
from ttrl_verl.errors import InputError

_PATIENCE = 60.0
"""Seconds for all nodes to look."""


def check_shared(folder: str, nodes: Sequence[Node], needed: int) -> str | None:
    """Check that enough nodes with GPUs see the run's folder.

    Args:
        folder: ``trainer.default_local_dir``, as configured.
        nodes: those that are alive.
        needed: how many of them with GPUs the run takes.

    Returns:
        What is odd but may be meant, in a line; ``None`` where all see it.

    Raises:
        InputError: fewer than are needed see it.
    """
    looking = [node for node in nodes if node.gpus]
    token = Path(folder).expanduser().absolute() / f".ttrl-verl-{uuid.uuid4().hex}"
    try:
        token.parent.mkdir(parents=True, exist_ok=True)
        token.touch()
    except OSError as error:
        raise InputError(f"{token.parent}: cannot be written: {error.strerror} (trainer.default_local_dir)") from error
    try:
        # As it is configured: a relative path means another folder where a worker's working directory is another.
        seen = _ask(str(Path(folder) / token.name), looking)
    finally:
        with contextlib.suppress(OSError):
            token.unlink()
    if seen is None:
        return f"not all of the {len(looking)} nodes said in {_PATIENCE:.0f} s whether they see {folder}"
    return verdict(folder, looking, seen, needed)


def verdict(folder: str, looking: Sequence[Node], seen: Collection[str], needed: int) -> str | None:
    """Return or raise what it means which nodes see the folder. Takes, returns and raises as ``check_shared``.

    Args:
        folder: as configured.
        looking: the nodes that looked.
        seen: the ids of those that saw it.
        needed: how many must.

    Example:
        >>> verdict("/shared", [Node("a1", "one", "10.0.0.1", 7, 8), Node("b2", "two", "10.0.0.2", 7, 8)], ["a1"], 2)
        Traceback (most recent call last):
        ttrl_verl.errors.InputError: /shared: is not seen by the Ray node 10.0.0.2 (host two, Ray's id b2); expected a \
folder that all nodes of the run share, by its absolute path (trainer.default_local_dir)
    """
    blind = [str(node) for node in looking if node.id not in seen]
    if not blind:
        return None
    said = f"{folder}: is not seen by the Ray node{'s' * (len(blind) > 1)} {', '.join(blind)}"
    if len(looking) - len(blind) < needed:
        raise InputError(
            f"{said}; expected a folder that all nodes of the run share, by its absolute path "
            "(trainer.default_local_dir)"
        )
    return f"{said}; a checkpoint is whole only if the run is placed on the {len(looking) - len(blind)} others"


def _ask(path: str, nodes: Sequence[Node]) -> set[str] | None:
    """Return the ids of the nodes on which a path is there; ``None`` where not all of them said."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    look = ray.remote(num_cpus=0, max_retries=0)(is_there)
    asked = {
        look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(path): node.id
        for node in nodes
    }
    try:
        said = ray.get(list(asked), timeout=_PATIENCE)
    except ray.exceptions.RayError:
        return None
    return {node for node, there in zip(asked.values(), said, strict=True) if there}


def is_there(path: str) -> bool:
    """Return whether a file is there, where this runs."""
    return Path(path).expanduser().exists()
