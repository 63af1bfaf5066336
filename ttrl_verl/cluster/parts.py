"""Patch: which of a run's own processes is gone, where verl would wait for it.

verl 0.9.1 ends a run that lost a process where it next asks that process for something. Until then, or without end, it
waits: for responses that an agent-loop worker took with it, or, while a training rank hands its weights to a vLLM
server that is gone, for that server. Nothing says which process it was. Here the trainer's own process asks each of the
others whether it is there, says which is not, and ends a run that cannot go on without it a while later, where verl has
not ended it. ``PPOTrainer.fit`` is wrapped, for there all of them are known.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ttrl_verl.cluster.nodes import patience_of, say
from ttrl_verl.hooks import patch

EVERY = 5.0
"""Seconds between two looks."""
LAST_LOOK = 2.0
"""Seconds in which the processes of a run that ends with an error are to answer; one that does not is busy."""
GRACE = 15.0
"""Seconds that the trainer's process has to end when it is told to; it may be waiting where no signal reaches it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process of a run.

    Attributes:
        name: what it is, and which of how many, such as ``vLLM server 1 of 2``.
        handle: Ray's, of the actor.
        needed: whether the run cannot go on without it.
    """

    name: str
    handle: Any
    needed: bool


def register() -> None:
    """Wrap verl's ``fit`` as soon as its module is imported."""
    patch("verl.trainer.ppo.v1.trainer_base", {"PPOTrainer.fit": _watched})


def _watched(wrapped: Callable, instance: Any, args: tuple, kwargs: dict) -> Any:
    def fit(agent_loop_manager: Any) -> Any:
        watch = PartWatch(parts_of(instance, agent_loop_manager), patience_of(instance.config), say, end_trainer)
        watch.start()
        try:
            return wrapped(agent_loop_manager)
        except Exception:
            watch.look(LAST_LOOK)  # verl ends with an error of Ray's that names no process
            raise
        finally:
            watch.stop()

    return fit(*args, **kwargs)


def parts_of(trainer: Any, agent_loop_manager: Any) -> list[Part]:
    """Return the processes of a run.

    Args:
        trainer: verl's, set up.
        agent_loop_manager: what its ``fit`` is given.
    """
    managers = trainer._rollout_server_managers()
    ranks = trainer.actor_rollout_wg.workers
    beside = [worker for manager in managers for replica in manager.get_replicas() for worker in replica.workers]
    return [
        *_numbered("agent-loop worker", agent_loop_manager.agent_loop_workers, needed=True),
        *_numbered("vLLM server", [server for manager in managers for server in manager.server_handles], needed=True),
        *_numbered("training rank", ranks, needed=True),
        # With separate_async alone: elsewhere a training rank hands its weights over itself.
        *_numbered("receiver of weights", [worker for worker in beside if worker not in ranks], needed=True),
        # A response whose reward worker is gone is asked again, and may meet another one.
        *_numbered("reward worker", trainer.get_reward_handles() or [], needed=False),
    ]


def _numbered(kind: str, handles: Sequence[Any], *, needed: bool) -> list[Part]:
    return [Part(f"{kind} {n} of {len(handles)}", handle, needed) for n, handle in enumerate(handles, start=1)]


class Asked:
    """Ray's answer to the question which parts are gone; one question to each is on its way at any time."""

    def __init__(self) -> None:
        self._asked: dict[str, Any] = {}

    def __call__(self, parts: Sequence[Part], timeout: float = 0.0) -> list[Part]:
        """Return those of which Ray says that they died, of those that answer in time. A busy one does not."""
        import ray
        from ray.exceptions import ActorDiedError

        gone = []
        for part in parts:
            if part.name not in self._asked:
                self._asked[part.name] = part.handle.__ray_ready__.remote()
        asked = [self._asked[part.name] for part in parts]
        answered, _ = ray.wait(asked, num_returns=len(asked), timeout=timeout)
        for part, question in zip(parts, asked, strict=True):
            if question not in answered:
                continue
            del self._asked[part.name]
            try:
                ray.get(question)
            except ActorDiedError:
                gone.append(part)
            except Exception:  # it is there, and answers otherwise
                continue
        return gone


class PartWatch:
    """Tells of each part once that it is gone, and ends a run that needs it.

    Args:
        parts: the run's.
        patience: seconds that verl is given to end the run before it is ended.
        tell: what a line is given to.
        end: called once, ``patience`` seconds after a part that is needed was found gone.
        gone: which of some parts are gone, of those that answer in some seconds.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        patience: float,
        tell: Callable[[str], object],
        end: Callable[[], object],
        gone: Callable[[Sequence[Part], float], Iterable[Part]] | None = None,
    ) -> None:
        self._parts, self._patience, self._tell, self._end = list(parts), patience, tell, end
        self._gone = Asked() if gone is None else gone
        self._over, self._lock = threading.Event(), threading.Lock()

    def start(self) -> None:
        """Look every ``EVERY`` seconds, in a thread of its own."""
        threading.Thread(target=self._go_on, name="ttrl-verl-parts", daemon=True).start()

    def stop(self) -> None:
        """Look no more: the run has ended, and what it started may."""
        self._over.set()

    def look(self, timeout: float = 0.0) -> bool:
        """Look once, tell of each part that is gone since, and return whether the run can go on.

        Args:
            timeout: seconds in which the parts are to answer.
        """
        with self._lock:
            gone = list(self._gone(self._parts, timeout)) if self._parts else []
            for part in gone:
                self._parts.remove(part)
                then = (
                    "the run cannot go on without it: start it again with trainer.resume_mode=auto"
                    if part.needed
                    else "the run goes on with the others: a response that fails there is asked again"
                )
                self._tell(f"{part.name} is gone, and {then}")
        return not any(part.needed for part in gone)

    def _go_on(self) -> None:
        while self.look():
            if self._over.wait(EVERY):
                return
        if self._over.wait(self._patience):
            return
        self._tell(f"{self._patience:.0f} s later the run has not ended by itself, and is ended")
        self._end()


def end_trainer() -> None:
    """End the trainer's process, politely, then for good; verl's driver then ends with an error of Ray's."""
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os._exit(1)
