"""The weights of two runs on one machine go through two sockets, and are not waited for where no engine is left."""

import asyncio
import inspect
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from ttrl_verl.patches import weight_socket
from ttrl_verl.patches.weight_socket import RAYLET, own_socket

pytestmark = pytest.mark.verl


@pytest.fixture
def handle(tmp_path):
    """A name as verl makes them: the same for both runs. A socket's path has at most 107 characters."""
    path = Path("/tmp") / f"ttrl-verl-{uuid.uuid4().hex[:12]}-rank-0.sock"
    yield f"ipc://{path}"
    for left in path.parent.glob(f"{path.stem}*"):
        left.unlink()


def test_each_engine_gets_the_weights_of_its_own_run(monkeypatch, handle):
    pytest.importorskip("verl", reason="verl is not installed")
    import torch
    from verl.workers.rollout.vllm_rollout.bucketed_weight_transfer import BucketedWeightReceiver, BucketedWeightSender

    runs = {}
    for raylet in ("101", "202"):
        monkeypatch.setenv(RAYLET, raylet)
        sender = BucketedWeightSender(handle, bucket_size_mb=1, use_shm=True)
        receiver = BucketedWeightReceiver(zmq_handle=handle, device=torch.device("cpu"), use_shm=True)
        assert sender.zmq_handle == receiver.zmq_handle
        runs[raylet] = (sender, receiver)
    got = {raylet: [] for raylet in runs}

    def receive(raylet):
        runs[raylet][1].receive_weights(
            lambda weights, _: got[raylet].extend((name, weight.clone()) for name, weight in weights)
        )

    def send(raylet):
        weights = [(f"layer {n}", torch.full((1 << 17,), float(raylet))) for n in range(4)]  # two to a bucket
        asyncio.run(runs[raylet][0].async_send_weights(iter(weights)))

    threads = [threading.Thread(target=end, args=[raylet], daemon=True) for raylet in runs for end in (send, receive)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for raylet, weights in got.items():
        assert [name for name, _ in weights] == [f"layer {n}" for n in range(4)]
        assert all((weight == float(raylet)).all() for _, weight in weights)


def test_a_run_whose_engine_says_nothing_ends(monkeypatch, handle):
    pytest.importorskip("verl", reason="verl is not installed")
    import torch
    from verl.workers.rollout.vllm_rollout.bucketed_weight_transfer import BucketedWeightSender

    monkeypatch.setattr(weight_socket, "PATIENCE", 1)
    sender = BucketedWeightSender(handle, bucket_size_mb=1, use_shm=True)
    with pytest.raises(RuntimeError, match="vLLM took no weights for 1 s"):
        asyncio.run(sender.async_send_weights(iter([("layer", torch.zeros(8))])))


FAILING = """
import asyncio, os, sys, time
from types import SimpleNamespace
import ray, torch
from verl.workers.rollout.vllm_rollout.bucketed_weight_transfer import BucketedWeightReceiver
from verl.workers.rollout.vllm_rollout.vllm_rollout import ServerAdapter

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
handle, how = sys.argv[1:]

@ray.remote
class Engine:
    def raylet(self):
        return os.environ["RAY_RAYLET_PID"]
    async def collective_rpc(self, method, timeout, args, kwargs):
        if how == "killed":
            os._exit(1)
        def take(weights, is_last):
            raise MemoryError("no room for a layer")
        receiver = BucketedWeightReceiver(zmq_handle=handle, device=torch.device("cpu"), use_shm=True)
        await asyncio.to_thread(receiver.receive_weights, take)

adapter = object.__new__(ServerAdapter)
adapter._has_server, adapter.server_handle, adapter.zmq_handle, adapter.use_shm = True, Engine.remote(), handle, True
os.environ["RAY_RAYLET_PID"] = ray.get(adapter.server_handle.raylet.remote())  # as verl's worker beside it has it
adapter.config = SimpleNamespace(checkpoint_engine=SimpleNamespace(update_weights_bucket_megabytes=1))
began = time.monotonic()
try:
    asyncio.run(adapter.update_weights((f"layer {n}", torch.zeros(1 << 17)) for n in range(4)))
except RuntimeError as error:
    print("ended", time.monotonic() - began, error)
    print(type(error.__cause__).__name__, error.__cause__)
"""


@pytest.mark.parametrize(("how", "cause"), [("killed", "ActorDiedError"), ("raised", "no room for a layer")])
def test_a_run_whose_engine_died_or_failed_ends_at_once(handle, how, cause):
    """verl's own adapter, and an engine behind a real Ray actor; the raising one has taken the buffer before."""
    pytest.importorskip("verl", reason="verl is not installed")
    pytest.importorskip("vllm", reason="vLLM is not installed")
    environment = {name: value for name, value in os.environ.items() if name not in ("RAY_ADDRESS", RAYLET)}
    command = [sys.executable, "-c", FAILING, handle, how]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    line = next((line for line in done.stdout.splitlines() if line.startswith("ended")), None)
    assert line, done.stdout + done.stderr
    assert "vLLM takes no weights: its engine died or failed" in line
    assert cause in done.stdout
    assert float(line.split()[1]) < weight_socket.PATIENCE / 10


def test_outside_of_rays_workers_the_name_is_verls(monkeypatch, handle):
    pytest.importorskip("verl", reason="verl is not installed")
    from verl.workers.rollout.vllm_rollout.bucketed_weight_transfer import BucketedWeightSender

    monkeypatch.delenv(RAYLET, raising=False)
    assert BucketedWeightSender(handle).zmq_handle == own_socket(handle, None) == handle


def test_ray_still_counts_jobs_from_one_and_says_its_process_to_workers_and_their_children():
    """Fails when a job's name is its own on a machine, and the patch can go, or when Ray says no process any more."""
    pytest.importorskip("ray", reason="Ray is not installed")
    code = (
        "import os, ray, subprocess, sys\n"
        "ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)\n"
        "@ray.remote\n"
        "def told():\n"
        f"    child = [sys.executable, '-c', 'import os; print(os.environ[\"{RAYLET}\"])']\n"
        f"    return os.environ['{RAYLET}'], subprocess.check_output(child, text=True).strip()\n"
        "print('told', ray.get_runtime_context().get_job_id(), *ray.get(told.remote()))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("RAY_ADDRESS", RAYLET)}
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    job, own, child = next(line for line in printed.splitlines() if line.startswith("told")).split()[1:]
    assert job == "01000000"
    assert own == child


def test_verl_still_names_the_socket_by_the_job_alone():
    """Fails when verl puts more into the name: the patch can then go."""
    pytest.importorskip("verl", reason="verl is not installed")
    pytest.importorskip("vllm", reason="vLLM is not installed")
    from verl.workers.rollout.vllm_rollout import utils

    source = inspect.getsource(utils.vLLMColocateWorkerExtension._get_zmq_handle)
    assert '"ipc:///tmp/rl-colocate-zmq-{job_id}-replica-{replica_rank}-rank-{trainer_rank}.sock"' in source
    assert 'os.environ.get("VERL_RAY_JOB_ID", "0")' in source
