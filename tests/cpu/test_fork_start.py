"""When a fork server is started, when it is not asked, and that nothing of it is left."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from forked import FORKED, Server, alive, sleeping, until  # tests/forked.py

from ttrl_verl.cpu.forks import start
from ttrl_verl.cpu.ray_cluster import forked

ROOT = Path(__file__).parents[2]


def test_plain_python_runs_where_a_module_started_a_thread(tmp_path, monkeypatch):
    (tmp_path / "starts_one.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, name='mine', daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    process, folder = start.start(["decimal", "starts_one"])
    other = Server(process, folder)
    assert other.run("-c", FORKED).stdout == "False\n"
    assert "plain Python: a module started a thread: mine" in other.log()
    process.stdin.close()
    assert process.wait(20) == 0


def test_plain_python_runs_where_the_server_was_killed():
    process, folder = start.start(["decimal"])
    gone = Server(process, folder)
    assert gone.run("-c", FORKED).stdout == "True\n"
    process.kill()
    process.wait()
    assert gone.run("-c", FORKED).stdout == "False\n"
    process.stdin.close()
    shutil.rmtree(folder)


def test_a_server_that_is_told_to_end_takes_its_children_and_its_folder_along():
    process, folder = start.start([])
    child, forked_id = sleeping(str(folder / "python"))
    process.terminate()
    assert process.wait(20) == 128 + signal.SIGTERM
    assert child.wait(20) == -signal.SIGKILL
    assert until(lambda: not alive(forked_id) and not folder.exists())
    process.stdin.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_driver_is_gone(tmp_path, number):
    code = (
        "import os, subprocess, sys, time\n"
        "from ttrl_verl.cpu.forks import request, server, start\n"
        "process, folder = start.start([])\n"
        "os.environ['RAY_JOB_ID'] = request.FIRST_JOB\n"
        "sleep = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'\n"
        "child = subprocess.Popen([str(folder / 'python'), '-c', sleep], stdout=subprocess.PIPE, text=True)\n"
        "print(process.pid, child.stdout.readline().strip(), folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    driver = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    server_id, child_id, folder = driver.stdout.readline().split()
    driver.send_signal(number)
    driver.wait()
    assert until(lambda: not alive(int(server_id)) and not alive(int(child_id)) and not Path(folder).exists())


def test_a_folder_with_a_space_will_do(tmp_path, monkeypatch):
    spaced = tmp_path / "a b"
    spaced.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spaced))
    process, folder = start.start(["decimal"])
    assert folder.parent == spaced
    assert Server(process, folder).run("-c", FORKED).stdout == "True\n"
    process.stdin.close()
    assert process.wait(20) == 0


def test_one_that_nobody_will_ask_is_ended(monkeypatch):
    monkeypatch.setattr(start, "_running", start.start([]))
    process, folder = start._running
    assert start.launcher() == str(folder / "python")
    start.stop()
    assert (start.launcher(), process.wait(20), folder.exists()) == (None, 0, False)
    start.stop()


def test_a_run_goes_on_where_no_server_can_be_started(tmp_path, monkeypatch, caplog):
    """The path of a socket has at most 107 bytes."""
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "verl.trainer.main_ppo"])
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    start.register()
    assert start.launcher() is None
    assert not [*deep.iterdir()]
    assert "takes longer: AF_UNIX path too long" in caplog.text


@pytest.mark.parametrize(
    ("command", "environment", "wanted"),
    [
        (["python", "-u", "-m", "verl.trainer.main_ppo", "a=1"], {}, True),
        (["python", "-m", "verl.trainer.main_ppo"], {start.SWITCH: "1"}, True),
        (["python", "-m", "verl.trainer.main_ppo"], {start.SWITCH: "0"}, False),
        (["python", "-m", "verl.trainer.main_ppo"], {"RAY_ADDRESS": "10.0.0.1:6379"}, False),
        (["python", "-m", "verl.trainer.main_ppo", "--help"], {}, False),
        (["python", "-m", "verl.trainer.main_eval"], {}, False),
        (["python", "-c", "import verl"], {}, False),
        (["python"], {}, False),
    ],
)
def test_the_driver_of_a_new_ray_starts_one(command, environment, wanted):
    assert start.is_wanted(command, environment) is wanted


@pytest.mark.parametrize(
    "runtime",
    [
        {"py_executable": "python3"},
        {"working_dir": "/elsewhere"},
        {"env_vars": {"A": "2"}},
        {"env_vars": {"A": "1", "MINE": "1"}},
    ],
)
def test_workers_with_something_of_their_own_are_left_to_ray(runtime):
    assert forked({"runtime_env": runtime}, "/launcher", {"A": "1"}) == {"runtime_env": runtime}


@pytest.mark.parametrize("options", [{}, {"runtime_env": None}, {"runtime_env": {"working_dir": None, "env_vars": {}}}])
def test_others_are_forked(options):
    assert forked(options, "/launcher", {})["runtime_env"]["py_executable"] == "/launcher"


@pytest.mark.verl
def test_verl_and_vllm_still_have_what_is_imported_once_and_leave_no_thread_and_no_file_open():
    code = (
        "import importlib, os\n"
        "from ttrl_verl.cpu.forks import request, server, start\n"
        "server._import(start.MODULES)\n"
        "for name in start.MODULES: importlib.import_module(name)\n"
        "print(server.unfit() == '', len(os.listdir('/proc/self/fd')))\n"
    )
    env = {**os.environ, "VERL_PLATFORM": "cpu"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    # Its own three, and the listing's.
    assert done.stdout.splitlines()[-1] == "True 4", done.stderr


@pytest.mark.verl
def test_ray_still_reads_at_import_what_the_server_sets_before_it():
    """Fails when Ray takes its worker's job from the environment later: ``FIRST_JOB`` can then go."""
    code = (
        "import os, ray\n"
        "import ray._raylet as raylet\n"
        "os.environ['RAY_health_check_timeout_ms'] = '777'\n"
        "print(raylet.Config.health_check_timeout_ms() == 777)\n"
        "raylet.Config.initialize('')\n"
        "print(raylet.Config.health_check_timeout_ms() == 777)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False", "True"], done.stderr
