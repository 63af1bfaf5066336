"""What is forked from one server is what plain Python would have been: its arguments, files, signals, end."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
from forked import FORKED, Server, alive, as_a_worker, sleeping, until  # tests/forked.py

from ttrl_verl.cpu.forks import request, start


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


def test_ray_calls_no_two_tasks_by_one_name(tmp_path):
    """Its random numbers are drawn in C++ by whoever decorates an actor's class, as verl's modules do when imported."""
    (tmp_path / "remote.py").write_text("import ray\n@ray.remote\nclass Actor: ...\n")
    code = "import ray; print(ray.TaskID.for_fake_task(ray.JobID.nil()).hex()); print(ray.remote(type('A', (), {})))"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
        process, folder = start.start(["remote"])
        server = Server(process, folder)
        ran = [server.run("-c", code) for _ in range(2)]
    assert [one.returncode for one in ran] == [0, 0], ran
    names = [one.stdout.split()[0] for one in ran]
    assert server.log().count(": forked ") == 2, server.log()
    assert names[0] != names[1]
    process.stdin.close()
    assert process.wait(20) == 0


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
