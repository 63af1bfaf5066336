"""The page of a run that is still going: served on this machine's own address alone, and loaded anew by the browser."""

import html
import sys
import tempfile
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.report.write import write_report

LOOPBACK = "127.0.0.1"
_HEAD = "<head>\n"
_HOSTS = ("127.0.0.1", "localhost")


class PageServer(ThreadingHTTPServer):
    """Serves the report of a run under ``/``, written anew where it is older than a number of seconds.

    Args:
        folder: the run's; it may not hold a run yet.
        port: 0 for one that is free.
        seconds: how often the browser loads the page anew.

    Example:
        ``with PageServer(Path("runs/1"), 8000) as server: server.serve_forever()``
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0, *, seconds: float = 10) -> None:
        super().__init__((LOOPBACK, port), _Page)
        self.folder, self.seconds = folder, seconds
        self._lock = threading.Lock()
        self._made = -1.0
        self._page: tuple[HTTPStatus, str] = (HTTPStatus.SERVICE_UNAVAILABLE, "")

    @property
    def address(self) -> str:
        """What a browser is told."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def page(self) -> tuple[HTTPStatus, str]:
        """Return the status and the page as it is now; a run that cannot be read yet is a page that says so."""
        with self._lock:
            if self._made < 0 or time.monotonic() - self._made >= self.seconds / 2:
                self._page, self._made = self._render(), time.monotonic()
            return self._page

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that left before it had the page."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def _render(self) -> tuple[HTTPStatus, str]:
        again = f'{_HEAD}<meta http-equiv="refresh" content="{self.seconds:g}">\n'
        try:
            with tempfile.TemporaryDirectory() as scratch:
                text = write_report(self.folder, out=Path(scratch) / "report.html").page.read_text(encoding="utf-8")
        except (InputError, OSError) as error:  # OSError: there is no place for the page
            said = f"<!doctype html>\n<html>\n{again}</head>\n<body><p>{html.escape(str(error))}</p></body>\n</html>\n"
            return HTTPStatus.SERVICE_UNAVAILABLE, said
        return HTTPStatus.OK, text.replace(_HEAD, again, 1)


class _Page(BaseHTTPRequestHandler):
    server: PageServer
    timeout = 30  # seconds for a request that was begun: each holds a thread

    def do_GET(self) -> None:
        # Another site's name that leads here would let that site read the run.
        if self.headers.get("Host", "").rpartition(":")[0] not in _HOSTS:
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path != "/":
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            status, text = self.server.page()
            content = text.encode(errors="replace")
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the page: what asks whether the server is up."""
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line each few seconds tells nobody anything."""
