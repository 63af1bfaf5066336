"""Which node of a cluster is gone, and which does not see the run's folder."""

import os
import socket
import subprocess
import sys
import threading

import pytest

from ttrl_verl.cluster.nodes import Node, NodeWatch, alive, answers
from ttrl_verl.cluster.shared_folder import check_shared, verdict
from ttrl_verl.errors import InputError

ONE, TWO, THREE = (
    Node(name * 8, name, f"10.0.0.{number}", 7, 8) for number, name in enumerate(["one", "two", "three"])
)


def test_nodes_are_read_from_what_ray_lists():
    listed = [
        {
            "NodeID": "a1",
            "Alive": living,
            "NodeManagerAddress": "10.0.0.1",
            "NodeManagerHostname": "one",
            "NodeManagerPort": 4711,
            "Resources": resources,
        }
        for living, resources in [(True, {"CPU": 8.0, "GPU": 2.0}), (True, {"CPU": 8.0}), (False, {})]
    ]
    assert alive(listed) == [Node("a1", "one", "10.0.0.1", 4711, 2.0), Node("a1", "one", "10.0.0.1", 4711, 0.0)]


def test_a_node_that_ends_is_told_of_once():
    with socket.create_server(("127.0.0.1", 0)) as raylet, socket.create_server(("127.0.0.1", 0)) as other:
        nodes = [Node(f"{n}" * 20, "here", *server.getsockname(), 1) for n, server in enumerate([raylet, other])]
        told = []
        watch = NodeWatch(nodes, 2, told.append, end=None)
        watch.look()
        assert told == []
        assert watch.enough
        raylet.close()
        watch.look()
        watch.look()
        assert not answers(nodes[0])
        assert answers(nodes[1])
        assert not watch.enough
    assert len(told) == 1
    assert told[0].startswith("the Ray node 127.0.0.1 (host here, Ray's id 000000000000) does not answer any more,")


def test_a_run_with_too_few_nodes_left_is_ended(monkeypatch):
    monkeypatch.setattr("ttrl_verl.cluster.nodes.EVERY", 0.01)
    told, ended = [], threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as raylet, socket.create_server(("127.0.0.1", 0)) as spare:
        nodes = [Node(f"{n}" * 20, "here", *server.getsockname(), 1) for n, server in enumerate([raylet, spare])]
        NodeWatch(nodes, 1, told.append, ended.set, patience=0.01).start()
        spare.close()
        assert not ended.wait(0.3)  # the run may have had nothing there
        assert len(told) == 1
        raylet.close()
        assert ended.wait(30)
    assert told[2].endswith("the run has not ended by itself, and is ended")


def test_a_driver_that_waits_for_ever_ends():
    code = (
        "import threading, time\n"
        "from ttrl_verl.cluster import nodes\n"
        "nodes.EVERY = 0.1\n"
        "gone = nodes.Node('a' * 20, 'gone', '127.0.0.1', 1, 8)\n"
        "nodes.NodeWatch([gone], 1, nodes.say, nodes.end_this_process, 0.1).start()\n"
        "threading.Event().wait(600)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -15
    assert done.stderr.splitlines()[0].startswith(
        "ttrl-verl: the Ray node 127.0.0.1 (host gone, Ray's id aaaaaaaaaaaa) "
    )


def test_all_see_the_folder():
    assert verdict("/shared", [ONE, TWO], {ONE.id, TWO.id}, 2) is None


def test_a_node_that_the_run_takes_does_not():
    with pytest.raises(InputError, match=r"/shared: is not seen by the Ray nodes 10\.0\.0\.1 .*, 10\.0\.0\.2 .*; exp"):
        verdict("/shared", [ONE, TWO, THREE], {ONE.id}, 2)


def test_a_node_that_the_run_may_leave_out_does_not():
    said = verdict("/shared", [ONE, TWO, THREE], {ONE.id, TWO.id}, 2)
    assert said.endswith("a checkpoint is whole only if the run is placed on the 2 others")


def test_a_folder_that_nobody_can_write(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/run: cannot be written: Not a directory \(trainer.default_local_dir\)"):
        check_shared(str(tmp_path / "file" / "run"), [ONE], 1)


@pytest.mark.verl
def test_verls_driver_tells_ray_the_command_that_was_typed():
    code = (
        "import verl\n"
        "from verl.trainer.constants_ppo import get_ppo_ray_runtime_env\n"
        "print('said', get_ppo_ray_runtime_env(None)['env_vars']['TTRL_VERL_COMMAND'])\n"
    )
    env = os.environ | {"TTRL_VERL_COMMAND": "ttrl-verl train x +trainer.hf_token=abc"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["said ttrl-verl train x '+trainer.hf_token=***'"], done.stderr


@pytest.mark.verl
def test_verl_still_asks_for_the_environment_before_it_starts_ray():
    """Fails when verl's driver takes another way: the hook then looks at no cluster."""
    import inspect

    from verl.trainer import main_ppo

    source = inspect.getsource(main_ppo.run_ppo)
    assert source.index("get_ppo_ray_runtime_env(config)") < source.index("ray.init(**")
