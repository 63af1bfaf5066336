"""A Ray cluster of two nodes on this machine, started as docs/scale.md says."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

RAY = str(Path(sys.executable).parent / "ray")


class Cluster:
    """Ray nodes that a test started, each with one of what the CPU platform calls GPU, and ends by process id.

    The first one's working directory is ``folder``, the second one's another, as if it were another machine.
    """

    def __init__(self, environment, folder):
        self.environment, self.folder, self.nodes = environment, folder, []
        self.temporary = tempfile.mkdtemp(prefix="ray")  # short: Ray's sockets lie below it
        self.port, self.jobs = _free_ports(2)
        head = ["--head", f"--port={self.port}", f"--dashboard-port={self.jobs}", f"--temp-dir={self.temporary}"]
        self._start(*head, "--node-ip-address=127.0.0.1", folder=folder)
        try:
            self.add_node()
        except BaseException:
            self.end()
            raise

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def add_node(self):
        """Start another node and wait until the cluster knows it."""
        options = [f"--address={self.address}", "--node-ip-address=127.0.0.1"]
        self._start(*options, folder=self.temporary)
        deadline = time.monotonic() + 240
        while len(self.alive()) < 2:
            assert time.monotonic() < deadline, "the second node did not come up"
            if self.nodes[-1].poll() is not None:  # Ray gives up on a machine that is busy
                self.nodes.pop()
                self._start(*options, folder=self.temporary)
            time.sleep(2)

    def kill_second(self):
        """Kill a node as a power cut does: all of its processes at once, for good."""
        _end(self.nodes.pop(1))

    def end(self):
        for node in reversed(self.nodes):
            _end(node)
        shutil.rmtree(self.temporary, ignore_errors=True)

    def alive(self):
        """The ids of the nodes that Ray calls alive, the head's first."""
        ask = (
            "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False); "
            "alive = [n for n in ray.nodes() if n['Alive']]; "
            "alive.sort(key=lambda n: 'node:__internal_head__' not in n['Resources']); "
            "print('alive', *(n['NodeID'] for n in alive))"
        )
        command = [sys.executable, "-c", ask, self.address]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        return done.stdout.rpartition("alive ")[2].split() if "alive " in done.stdout else []

    def submit(self, command, log):
        """Run a command by `ray job submit`, and return its exit status."""
        submit = [RAY, "job", "submit", f"--address=http://127.0.0.1:{self.jobs}", "--", *command]
        with log.open("ab") as output:
            return subprocess.run(submit, env=self.environment, stdout=output, stderr=output, check=False).returncode

    def _start(self, *options, folder):
        # Two nodes of one machine: the agent that takes jobs has the same port on each, unless it is told another.
        agent = f"--dashboard-agent-listen-port={_free_ports(1)[0]}"
        command = [RAY, "start", "--block", "--num-gpus=1", "--num-cpus=16", agent, *options]
        with (Path(self.temporary) / f"node{len(self.nodes)}.log").open("ab") as log:
            # In a session of its own, so that a node that ends its whole process group does not end pytest.
            started = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, cwd=folder, start_new_session=True
            )
        self.nodes.append(started)


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for free in sockets:
        free.bind(("127.0.0.1", 0))
    ports = [free.getsockname()[1] for free in sockets]
    for free in sockets:
        free.close()
    return ports


def _end(node):
    processes = [*psutil.Process(node.pid).children(recursive=True), psutil.Process(node.pid)]
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    node.wait()
