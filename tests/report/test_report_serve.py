"""A run's page, served while it runs."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from run_folder import make_run, visit

from ttrl_verl.report.serve import PageServer


@pytest.fixture
def server(tmp_path):
    with PageServer(tmp_path / "run", seconds=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(address: str, host: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(address, headers={} if host is None else {"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_run_that_goes_on_is_shown_as_it_is_each_time(server):
    make_run(server.folder, steps={1: [visit(0, ["4", "4", "5", "4"])]})
    status, first = get(server.address)
    assert status == 200
    assert '<meta http-equiv="refresh" content="0">' in first
    assert "In 1 step," in first
    make_run(server.folder, steps={step: [visit(0, ["4"] * 4)] for step in (1, 2)})
    assert "In 2 steps," in get(server.address)[1]
    assert not (server.folder / "report.html").exists()  # looking at a run writes nothing into it


def test_a_run_that_has_not_begun_is_waited_for(server):
    status, page = get(server.address)
    assert status == 503
    assert "run.json" in page
    assert 'http-equiv="refresh"' in page


def test_it_is_served_to_this_machine_under_its_own_name_alone(server):
    assert server.server_address[0] == "127.0.0.1"
    assert get(server.address, host="elsewhere.example:80")[0] == 403
    assert get(server.address + "etc/passwd")[0] == 404


@pytest.mark.slow  # starts a process
def test_a_port_in_use_is_one_line(server, tmp_path):
    port = server.server_address[1]
    command = [sys.executable, "-m", "ttrl_verl", "report", str(tmp_path), "--watch", "--port", str(port)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 2
    assert f"--port {port}: Address already in use" in said.stderr
    assert said.stderr.count("\n") == 1
