"""A run's page, served while it runs."""

import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http import HTTPStatus

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


def get(address: str, host: str | None = None, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(address, headers={} if host is None else {"Host": host}, method=method)
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


def test_what_asks_whether_it_is_up_is_answered(server):
    make_run(server.folder, steps={1: [visit(0, ["4", "4", "5", "4"])]})
    assert get(server.address, method="HEAD") == (200, "")
    assert get(server.address + "etc/passwd", method="HEAD") == (404, "")


def test_it_is_served_to_this_machine_under_its_own_name_alone(server):
    assert server.server_address[0] == "127.0.0.1"
    assert get(server.address, host="elsewhere.example:80")[0] == 403
    assert get(server.address + "etc/passwd")[0] == 404


def test_a_browser_that_leaves_before_it_has_the_page_is_no_error(server, monkeypatch, capsys):
    asked, left = threading.Event(), threading.Event()

    def page() -> tuple[HTTPStatus, str]:
        asked.set()
        left.wait(10)
        return HTTPStatus.OK, "x" * 10_000_000

    monkeypatch.setattr(server, "page", page)
    before = set(threading.enumerate())
    with socket.create_connection(server.server_address) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed with a reset
        browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
        assert asked.wait(10)
        (answering,) = set(threading.enumerate()) - before
    left.set()
    answering.join(10)
    assert not answering.is_alive()
    assert capsys.readouterr().err == ""


def test_a_page_that_has_no_place_is_a_page_that_says_so(server, monkeypatch, tmp_path):
    make_run(server.folder, steps={1: [visit(0, ["4"] * 4)]})
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    status, page = get(server.address)
    assert status == 503
    assert "No such file or directory" in page


@pytest.mark.slow  # starts a process
def test_a_port_in_use_is_one_line(server, tmp_path):
    port = server.server_address[1]
    command = [sys.executable, "-m", "ttrl_verl", "report", str(tmp_path), "--watch", "--port", str(port)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 2
    assert f"--port {port}: Address already in use" in said.stderr
    assert said.stderr.count("\n") == 1
