import json
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ttrl_verl.composition.recipe import Composed
from ttrl_verl.launch import log_tail, run, start, train_command

pytestmark = pytest.mark.slow  # starts processes, and waits for them

# A child that starts a grandchild in a session of its own, as Ray does, and tells its process id.
SPAWN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(float(sys.argv[2]))
"""

# A child that, told to end, starts another first.
SPAWN_LATE = """
import signal, subprocess, sys, time
def end(*_):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    open(sys.argv[1] + ".late", "w").write(str(child.pid))
    raise SystemExit
signal.signal(signal.SIGTERM, end)
open(sys.argv[1], "w").write("ready")
time.sleep(600)
"""


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_the_exit_status_is_the_commands():
    assert run([sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_output_goes_to_the_log(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        run([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr)"], log=file)
    assert set(log.read_text().split()) == {"out", "err"}


def test_what_the_command_leaves_behind_is_ended(tmp_path):
    pid_file = tmp_path / "pid"
    assert run([sys.executable, "-c", SPAWN, str(pid_file), "0"]) == 0
    assert not alive(int(pid_file.read_text()))


def test_what_starts_while_the_run_is_ended_is_ended_too(tmp_path):
    file = tmp_path / "pid"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SPAWN_LATE!r}, {str(file)!r}])"
    wait = f"import os, time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.05)"
    assert run([sys.executable, "-c", f"{start}\n{wait}"]) == 0
    late = tmp_path / "pid.late"
    assert late.exists()
    assert not alive(int(late.read_text()))


@pytest.mark.parametrize("module", ["ray._raylet", "setproctitle"])
def test_a_process_that_renamed_itself_is_ended_too(module, tmp_path):
    """As Ray's and vLLM's do: the name is written over the environment that tells whose process it is."""
    pytest.importorskip(module, reason=f"{module} is not installed; verl brings it")
    file = tmp_path / "pid"
    rename = (
        f"import os, sys, time; from {module} import setproctitle; setproctitle('ray::Agent'); "
        "open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    )
    # Ray's is found by what is left of its environment, when its parent is gone; vLLM's by its parent.
    child = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {rename!r}, {str(file)!r}]); "
    child += "time.sleep(600)" if module == "setproctitle" else ""
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    wait = f"import os, time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.05)\ntime.sleep(0.2)"
    assert run([sys.executable, "-c", f"{start}\n{wait}"]) == 0
    assert not alive(int(file.read_text()))


def test_an_interrupted_run_leaves_nothing_behind(tmp_path):
    pid_file = tmp_path / "pid"
    script = f"from ttrl_verl.launch import run; run([{sys.executable!r}, '-c', {SPAWN!r}, {str(pid_file)!r}, '600'])"
    driver = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    driver.terminate()
    assert driver.wait(timeout=20) == 143  # 128 + SIGTERM
    assert not alive(int(pid_file.read_text()))


# A process that gives its own child no mark, and ends before it: only the tree tells whose the grandchild is.
UNMARKED = """
import os, subprocess, sys, time
grandchild = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
child = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {grandchild!r}, sys.argv[1]]); "
child += "time.sleep(600)"
env = {name: value for name, value in os.environ.items() if name != "TTRL_VERL_RUN"}
subprocess.Popen([sys.executable, "-c", child, sys.argv[1]], env=env)
time.sleep(600)
"""


def test_a_grandchild_whose_parent_lost_the_mark_is_ended_too(tmp_path):
    file = tmp_path / "pid"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {UNMARKED!r}, {str(file)!r}])"
    assert run([sys.executable, "-c", f"{start}\n{wait_for(file)}"]) == 0
    assert not alive(int(file.read_text()))


def test_a_process_that_ignores_sigterm_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("ttrl_verl.launch._GRACE", 0.5)
    file = tmp_path / "pid"
    deaf = (
        "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    )
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {deaf!r}, {str(file)!r}])"
    assert run([sys.executable, "-c", f"{start}\n{wait_for(file)}"]) == 0
    assert not alive(int(file.read_text()))


def test_the_callers_own_answer_to_sigterm_is_back_afterwards():
    def mine(signum, frame):
        raise AssertionError

    before = signal.signal(signal.SIGTERM, mine)
    try:
        run([sys.executable, "-c", "pass"])
        assert signal.getsignal(signal.SIGTERM) is mine
        with pytest.raises(FileNotFoundError):
            run(["/no/such/program"])
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def wait_for(file):
    """A program that ends once a file is there and written."""
    there = f"os.path.exists({str(file)!r}) and os.path.getsize({str(file)!r})"
    return f"import os, time\nwhile not ({there}): time.sleep(0.05)"


def test_the_watch_is_called_while_it_runs():
    times = []
    assert run([sys.executable, "-c", "import time; time.sleep(0.5)"], watch=lambda: times.append(1), interval=0.1) == 0
    assert len(times) >= 2


def test_a_run_is_started_with_what_was_typed_for_the_record(tmp_path, monkeypatch):
    """Another program in the place of verl's: it writes down what it was given."""
    written = (
        "import json, os, sys; json.dump([os.environ['TTRL_VERL_COMMAND'], sys.argv[1:]], open('started.json', 'w')); "
        "raise SystemExit(4)"
    )
    monkeypatch.setattr("ttrl_verl.launch.verl_command", lambda file, given: [sys.executable, "-c", written, *given])
    monkeypatch.chdir(tmp_path)
    composed = Composed("mine", tmp_path / "mine.yaml", ("trainer.nnodes=2",), None, {})
    vars(composed)["values"] = {"trainer": {"default_local_dir": str(tmp_path / "run")}}
    ended = start(composed, typed=["ttrl-verl", "train", "mine", "nodes=2", "out=a b"])
    assert (ended.status, ended.alarms) == (4, [])
    typed, given = json.loads((tmp_path / "started.json").read_text())
    assert (typed, given) == ("ttrl-verl train mine nodes=2 'out=a b'", ["trainer.nnodes=2"])


def test_the_command_is_verls_own_trainer():
    command = train_command("demo_cpu", ["trainer.nnodes=2"])
    assert command[1:3] == ["-m", "verl.trainer.main_ppo"]
    assert command[-3:] == ["--config-name", "demo_cpu", "trainer.nnodes=2"]


@pytest.mark.parametrize(
    ("text", "tail"),
    [("a\nb\n", "a\nb"), ("a\nTraceback (most recent call last):\nboom", "Traceback (most recent call last):\nboom")],
)
def test_the_logs_tail_starts_at_the_first_error(tmp_path, text, tail):
    (tmp_path / "log").write_text(text)
    assert log_tail(tmp_path / "log") == tail


def test_a_long_error_ends_with_what_caused_it(tmp_path):
    trace = ["Traceback (most recent call last):", *["  File 'a.py', line 1, in f"] * 60]
    cause = "RuntimeError: vLLM takes no weights: its engine died or failed, see above"
    errors = ["ray.exceptions.RayTaskError(RuntimeError): ray::WorkerDict.update()", *["    ^^^^"] * 3, cause]
    after = ["Set the environment variable HYDRA_FULL_ERROR=1", "(WorkerDict pid=1) ValueError: of another process"]
    (tmp_path / "log").write_text("\n".join(["begun", *trace, *errors, *after]))
    assert log_tail(tmp_path / "log", 5).splitlines() == [*trace[:10], "…", cause]
