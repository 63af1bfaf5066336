"""Which process of a run is gone: told of once, and the run ended where it needs it."""

import subprocess
import sys
import threading

import pytest

from ttrl_verl.cluster.nodes import PATIENCE, patience_of
from ttrl_verl.cluster.parts import Part, PartWatch, parts_of

SERVER, WORKER, REWARD = (
    Part("vLLM server 1 of 1", None, True),
    Part("agent-loop worker 1 of 2", None, True),
    Part("reward worker 2 of 2", None, False),
)


def watched(*gone, patience=0.01):
    told, ended = [], threading.Event()
    gone = list(gone)
    watch = PartWatch(
        [SERVER, WORKER, REWARD],
        patience,
        told.append,
        ended.set,
        gone=lambda parts, timeout: [part for part in parts if part in gone],
    )
    return watch, gone, told, ended


def test_what_the_run_can_do_without_is_told_of_once_and_the_run_goes_on():
    watch, gone, told, _ = watched()
    assert watch.look()
    assert told == []
    gone.append(REWARD)
    assert watch.look()
    assert watch.look()
    assert told == [
        "reward worker 2 of 2 is gone, and the run goes on with the others: a response that fails there is asked again"
    ]


def test_a_run_without_what_it_needs_is_ended_after_a_while():
    watch, _, told, ended = watched(WORKER, REWARD, patience=1.5)
    watch.start()
    assert not ended.wait(1.0)
    assert ended.wait(30)
    assert told[0] == (
        "agent-loop worker 1 of 2 is gone, and the run cannot go on without it: start it again with "
        "trainer.resume_mode=auto"
    )
    assert told[1].startswith("reward worker 2 of 2 is gone, ")
    assert told[2] == "2 s later the run has not ended by itself, and is ended"


def test_a_run_that_verl_ends_meanwhile_is_left_alone():
    watch, _, told, ended = watched(SERVER, patience=0.5)
    watch.start()
    watch.stop()
    assert not ended.wait(1.0)
    assert [line.split(" is gone")[0] for line in told] == ["vLLM server 1 of 1"]


def test_the_recipe_says_how_long():
    assert patience_of({"ttrl": {"patience_seconds": 5}}) == 5.0
    assert patience_of({"trainer": {}}) == patience_of({"ttrl": {}}) == PATIENCE == 60.0


class Trainer:
    """What of verl's trainer is looked at; handles are letters."""

    class _Group:
        workers = ("a", "b")

    class _Servers:
        def __init__(self, handles, workers):
            self.server_handles, self._workers = handles, workers

        def get_replicas(self):
            return [self] if self._workers else []

        @property
        def workers(self):
            return self._workers

    actor_rollout_wg = _Group()

    def __init__(self, *servers):
        self._servers = [self._Servers(*one) for one in servers]

    def _rollout_server_managers(self):
        return self._servers

    def get_reward_handles(self):
        return None


class Agents:
    agent_loop_workers = ("l",)


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        pytest.param(
            [(["s", "t"], ["a", "b"])], {"s": "vLLM server 1 of 2", "t": "vLLM server 2 of 2"}, id="colocated"
        ),
        pytest.param(
            [([], []), (["s"], ["w"])], {"s": "vLLM server 1 of 1", "w": "receiver of weights 1 of 1"}, id="separate"
        ),
    ],
)
def test_the_parts_of_a_run(servers, expected):
    parts = parts_of(Trainer(*servers), Agents())
    assert {part.handle: part.name for part in parts} == {
        "l": "agent-loop worker 1 of 1",
        "a": "training rank 1 of 2",
        "b": "training rank 2 of 2",
        **expected,
    }
    assert all(part.needed for part in parts)


ACTORS = """
import os, signal, threading, time
import ray
from ttrl_verl.cluster import parts
from ttrl_verl.cluster.nodes import say

parts.EVERY, parts.GRACE = 0.2, 1.0
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)


@ray.remote(num_cpus=0)
class Actor:
    def pid(self):
        return os.getpid()

    def wait(self):
        time.sleep(600)


idle, busy = Actor.remote(), Actor.remote()
pids = ray.get([idle.pid.remote(), busy.pid.remote()])
waiting = busy.wait.remote()
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as where no signal is handled
watch = parts.PartWatch([parts.Part("idle", idle, True), parts.Part("busy", busy, True)], 1.0, say, parts.end_trainer)
assert watch.look() and watch.look()
watch.start()
os.kill(pids[0], signal.SIGKILL)
ray.get(waiting)
"""


@pytest.mark.verl
@pytest.mark.timeout(300)
def test_ray_says_which_actor_was_killed_and_the_process_that_waits_for_another_ends():
    done = subprocess.run([sys.executable, "-c", ACTORS], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("ttrl-verl: ")]
    assert said[0].startswith("ttrl-verl: idle is gone, and the run cannot go on without it:")
    assert said[1:] == ["ttrl-verl: 1 s later the run has not ended by itself, and is ended"]


@pytest.mark.verl
def test_verl_still_names_its_parts_as_they_are_asked_for():
    """Fails when verl calls one otherwise: the watch would then end no run, or raise."""
    import inspect

    pytest.importorskip("verl", reason="verl is not installed")
    from verl.experimental.agent_loop.agent_loop import AgentLoopManager
    from verl.trainer.ppo.v1.trainer_base import PPOTrainer
    from verl.trainer.ppo.v1.trainer_separate_async import PPOTrainerSeparateAsync
    from verl.workers.rollout.llm_server import LLMServerManager

    assert "self.agent_loop_workers" in inspect.getsource(AgentLoopManager._init_agent_loop_workers)
    assert list(inspect.signature(inspect.unwrap(PPOTrainer.fit)).parameters) == ["self", "agent_loop_manager"]
    assert PPOTrainer.fit.__wrapped__ is not PPOTrainer.fit
    assert "standalone_server_manager" in inspect.getsource(PPOTrainerSeparateAsync._rollout_server_managers)
    assert "self.server_handles" in inspect.getsource(LLMServerManager._initialize_llm_servers)
