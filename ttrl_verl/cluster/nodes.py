"""Which of a cluster's nodes does not answer any more.

verl ends a run that lost a node with words about a socket or an actor, or not at all: while responses are awaited it
waits for those of the lost node for ever. Which machine to look at, it does not say.
"""

import atexit
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EVERY = 10.0
"""Seconds between two looks."""
PATIENCE = 60.0
"""Seconds that verl is given to end a run that cannot go on, where no recipe says ``ttrl.patience_seconds``."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a Ray cluster.

    Attributes:
        id: Ray's, hexadecimal.
        host: its name.
        address, port: where its raylet listens.
        gpus: how many it offers.
    """

    id: str
    host: str
    address: str
    port: int
    gpus: float

    def __str__(self) -> str:
        return f"{self.address} (host {self.host}, Ray's id {self.id[:12]})"


def patience_of(config: Any) -> float:
    """Return how many seconds verl is given to end a run that cannot go on: ``ttrl.patience_seconds``.

    Args:
        config: the composed configuration; a recipe that is not ours has no section ``ttrl``.
    """
    return float((config.get("ttrl") or {}).get("patience_seconds", PATIENCE))


def alive(listed: Iterable[Mapping[str, Any]]) -> list[Node]:
    """Return the nodes that are alive, of what ``ray.nodes()`` lists."""
    return [
        Node(
            entry["NodeID"],
            entry["NodeManagerHostname"],
            entry["NodeManagerAddress"],
            entry["NodeManagerPort"],
            entry["Resources"].get("GPU", 0.0),
        )
        for entry in listed
        if entry["Alive"]
    ]


def answers(node: Node, timeout: float = 3.0) -> bool:
    """Return whether a node's raylet takes a connection. Ray itself needs half a minute to call a node dead."""
    try:
        with socket.create_connection((node.address, node.port), timeout):
            return True
    except OSError:
        return False


class NodeWatch:
    """Tells of each node once that it does not answer any more, and ends a run that has too few of them left.

    Args:
        nodes: those of the cluster when the run joined it.
        needed: how many with GPUs the run takes.
        tell: what a line is given to.
        end: called once ``patience`` seconds after the run had too few.
        patience: seconds.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        needed: int,
        tell: Callable[[str], object],
        end: Callable[[], object],
        patience: float = PATIENCE,
    ) -> None:
        self._nodes, self._needed, self._tell, self._end = list(nodes), needed, tell, end
        self._patience = patience
        self._lock = threading.Lock()

    def start(self) -> None:
        """Look every ``EVERY`` seconds in a thread of its own, and once more when the process ends."""
        threading.Thread(target=self._go_on, name="ttrl-verl-nodes", daemon=True).start()
        # Ray's own handler, registered when it was imported, runs after this one.
        atexit.register(self.look)

    @property
    def enough(self) -> bool:
        """Whether as many nodes with GPUs as the run takes answered at the last look."""
        return sum(node.gpus > 0 for node in self._nodes) >= self._needed

    def look(self) -> None:
        """Look once, and tell of each node that is gone since."""
        with self._lock:
            for node in [node for node in self._nodes if not answers(node)]:
                self._nodes.remove(node)
                self._tell(
                    f"the Ray node {node} does not answer any more, and what of this run was on it is lost. Start the "
                    "node again, and then the run with trainer.resume_mode=auto, which goes on from its last checkpoint"
                )

    def _go_on(self) -> None:
        while self.enough:
            time.sleep(EVERY)
            self.look()
        time.sleep(self._patience)
        self._tell(f"{self._patience:.0f} s later the run has not ended by itself, and is ended")
        self._end()


def end_this_process() -> None:
    """End verl's driver; Ray ends what the run has on the nodes that are left."""
    os.kill(os.getpid(), signal.SIGTERM)


def say(line: str) -> None:
    """Write a line of ours to the run's output."""
    print(f"ttrl-verl: {line}", file=sys.stderr, flush=True)
