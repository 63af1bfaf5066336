import subprocess
import sys
import time

import psutil
import pytest

from ttrl_verl.launch import log_tail, run, train_command

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
