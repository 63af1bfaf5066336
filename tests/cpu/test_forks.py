"""What is forked from one server is what plain Python would have been: its arguments, files, signals, end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ttrl_verl.cpu.forks import request, start
from ttrl_verl.cpu.ray_cluster import forked

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A server that has imported ``decimal`` and numpy."""

    process: subprocess.Popen
    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "python")

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        options.setdefault("env", as_a_worker())
        return subprocess.run(
            [self.python, *arguments], capture_output=True, text=True, check=False, timeout=60, **options
        )

    def log(self) -> str:
        return (self.folder / "log").read_text()


def as_a_worker(**variables: str) -> dict[str, str]:
    return {**os.environ, "RAY_JOB_ID": request.FIRST_JOB, **variables}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    modules = tmp_path_factory.mktemp("modules")
    (modules / "writes.py").write_text("import os\nos.environ['OMP_WRITTEN'] = 'by import'\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{modules}:{os.environ.get('PYTHONPATH', '')}")
        process, folder = start.start(["decimal", "numpy", "writes", "no_such_module"])
        yield Server(process, folder)
    process.stdin.close()
    assert process.wait(20) == 0
    assert not folder.exists()


def until(true, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def sleeping(python: str) -> tuple[subprocess.Popen, int]:
    """Start a process that sleeps, and return what stands for it and its own id."""
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    child = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, env=as_a_worker(), text=True)
    return child, int(child.stdout.readline())


FORKED = "import sys; print('decimal' in sys.modules)"


def test_code_has_its_arguments_streams_folder_environment_and_status(server, tmp_path):
    code = (
        "import os, sys\n"
        "print(sys.argv, os.getcwd(), os.environ['MINE'], sys.stdin.read())\n"
        "print('e', file=sys.stderr)\n"
        "sys.exit(7)\n"
    )
    done = server.run("-c", code, "a b", "$c", cwd=tmp_path, env=as_a_worker(MINE="ä\nb"), input="given")
    assert done.returncode == 7
    assert done.stdout == f"['-c', 'a b', '$c'] {tmp_path} ä\nb given\n"
    assert done.stderr == "e\n"
    assert "forked" in server.log()


def test_a_script_is_main_and_its_folder_comes_first(server, tmp_path):
    (tmp_path / "beside.py").write_text("X = 5\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, beside\n"
        "if __name__ == '__main__':\n"
        "    print(beside.X, sys.argv[1:], __file__, sys.modules['__main__'].beside.X, 'decimal' in sys.modules)\n"
    )
    assert server.run(str(script), "--a=1").stdout == f"5 ['--a=1'] {script} 5 True\n"


def test_what_it_raises_is_on_its_standard_error_and_status_1(server):
    done = server.run("-c", "raise ValueError('no')")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "ValueError: no")


def test_it_ends_as_an_interpreter_does(server):
    assert server.run("-c", "import atexit; atexit.register(print, 'bye')").stdout == "bye\n"


def test_a_signal_to_the_one_that_stands_for_it_ends_it(server):
    child, forked_id = sleeping(server.python)
    assert forked_id != child.pid
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == -signal.SIGTERM
    assert until(lambda: not alive(forked_id))


def test_it_handles_a_signal_itself_where_it_wants(server):
    code = "import signal, sys; signal.signal(15, lambda *_: sys.exit(4)); print('on', flush=True); signal.pause()"
    child = subprocess.Popen([server.python, "-c", code], stdout=subprocess.PIPE, env=as_a_worker(), text=True)
    child.stdout.readline()
    child.terminate()
    assert child.wait(20) == 4


def test_it_is_gone_where_the_one_that_stands_for_it_was_killed(server):
    child, forked_id = sleeping(server.python)
    child.kill()
    assert child.wait(20) == -signal.SIGKILL
    assert until(lambda: not alive(forked_id))


def test_a_killed_child_is_told_as_killed(server):
    assert server.run("-c", "import os; os.kill(os.getpid(), 9)").returncode == -signal.SIGKILL


def test_its_group_is_its_own(server):
    """Ray ends a worker by its process group."""
    printed = server.run("-c", "import os; print(os.getpid() == os.getpgid(0), os.getppid())").stdout.split()
    assert printed == ["True", str(server.process.pid)]


def test_open_files_keep_their_numbers_and_no_other_is_open(server):
    read, write = os.pipe()
    other = os.dup2(write, 77)
    code = (
        "import os, sys\n"
        "os.write(int(sys.argv[1]), b'through')\n"
        "print(sorted(int(number) for number in os.listdir('/proc/self/fd')))\n"
    )
    done = server.run("-c", code, str(other), pass_fds=[other])
    os.close(write)
    os.close(other)
    assert os.read(read, 10) == b"through"
    os.close(read)
    numbers = json.loads(done.stdout)
    assert {0, 1, 2, 77} < {*numbers}
    assert len(numbers) == 5, numbers  # the fifth is the listing's own


def test_it_may_have_as_many_files_open_as_the_one_that_stands_for_it(server):
    code = "import resource; print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    few = ["bash", "-c", f"ulimit -n 123; exec {server.python} -c '{code}'"]
    done = subprocess.run(few, capture_output=True, text=True, check=False, env=as_a_worker())
    assert done.stdout == "123 123\n"
    assert "forked" in server.log().splitlines()[-1]


def test_what_it_starts_with_multiprocessing_is_forked_too(server, tmp_path):
    """Also where a module wrote into the environment, as ``writes`` does."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import multiprocessing, os, sys\n"
        "def child(connection):\n"
        "    connection.send(('decimal' in sys.modules, os.getppid(), os.environ['OMP_WRITTEN']))\n"
        "    sys.exit(6)\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    ours, theirs = context.Pipe()\n"
        "    process = context.Process(target=child, args=(theirs,))\n"
        "    process.start()\n"
        "    print(*ours.recv())\n"
        "    process.join()\n"
        "    print(process.exitcode)\n"
    )
    done = server.run(str(script))
    assert done.stdout.split() == ["True", str(server.process.pid), "by", "import", "6"], done.stderr + server.log()


def test_random_numbers_are_not_the_other_ones(server):
    code = "import random, numpy; print(random.random(), numpy.random.rand())"
    first, second = (server.run("-c", code).stdout.split() for _ in range(2))
    assert {*first}.isdisjoint(second)


@pytest.mark.parametrize(
    "variables", [{"OMP_NUM_THREADS": "3"}, {"RAY_JOB_ID": "02000000"}, {"VLLM_LOGGING_LEVEL": "nobody's"}]
)
def test_plain_python_runs_where_a_variable_is_read_at_import(server, variables):
    done = server.run("-c", FORKED, env=as_a_worker(**variables))
    assert (done.returncode, done.stdout) == (0, "False\n")
    (name, value), *_ = variables.items()
    assert f"plain Python: {name} is {value}" in server.log()


def test_a_library_that_is_loaded_need_not_be_preloaded(server):
    """vLLM has its engine preload torch's libgomp, which the server has."""
    printed = server.run("-c", "print(open('/proc/self/maps').read())").stdout
    loaded = next(line.split()[-1] for line in printed.splitlines() if "openblas" in line)
    assert server.run("-c", FORKED, env=as_a_worker(LD_PRELOAD=f"{loaded}:")).stdout == "True\n"
    done = server.run("-c", FORKED, env=as_a_worker(LD_PRELOAD=f"{loaded}:/no/such/library.so"))
    assert done.stdout == "False\n"


def test_compilation_that_is_off_needs_no_settings(server):
    variables = {"TORCHINDUCTOR_CPP_DYNAMIC_THREADS": "1"}
    assert server.run("-c", FORKED, env=as_a_worker(TORCH_COMPILE_DISABLE="0", **variables)).stdout == "False\n"
    refused = request.refusal(
        request.Request(["-c", ""], variables | {"TORCH_COMPILE_DISABLE": "1"}, "/", [], [], (64, 64)),
        {"TORCH_COMPILE_DISABLE": "1"},
        {},
    )
    assert refused == ""


def test_plain_python_runs_what_is_not_understood(server):
    assert server.run("-S", "-c", FORKED).stdout == "False\n"
    assert server.run("--version").stdout.split()[0] == "Python"


def test_a_module_that_is_not_there_is_told_and_left(server):
    server.run("-c", "")
    assert "no_such_module was not imported" in server.log()


@pytest.mark.parametrize("said", [b"", b"\n", b"{}\n", b'{"arguments": 1}\n', b"\xff\xfe\n", b'["a"]\n'])
def test_a_caller_that_says_something_else_leaves_the_server_alone(server, said):
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(server.folder / "socket"))
        caller.sendall(said)
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(100) == b""
    assert server.run("-c", FORKED).stdout == "True\n"


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
