"""The server of the page: on this machine only, and for this page only.

Any web site that somebody looks at can send requests to 127.0.0.1. So the server listens on the
loopback address only; answers only to its own name (a site that lets its name point to 127.0.0.1,
"DNS rebinding", sends that name as Host) and to its own page (browsers tell in Sec-Fetch-Site and
Origin who asks); knows only GET, and no request that changes anything. The page in turn may load
nothing from elsewhere (Content-Security-Policy).
"""

from __future__ import annotations

import http.client
import http.server
import os
import sys
import threading
import webbrowser
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from wordkin.errors import FileError
from wordkin.explorer.answers import Answer, answer, problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from wordkin.explorer.shelf import Shelf

_ADDRESS = "127.0.0.1"
_LONGEST_PATH = 8000  # bytes of a request's first line
_PATIENCE = 60.0  # seconds, with a connection that says nothing
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Explorer:
    """A running server; `close` ends it, and so does the end of a ``with``.

    Parameters
    ----------
    shelves : sequence of Shelf
        What it shows.
    port : int
        Where it listens; 0 takes a free port.

    Attributes
    ----------
    url : str
        Where the page is.

    Raises
    ------
    FileError
        If the port can't be had.
    """

    def __init__(self, shelves: Sequence[Shelf], *, port: int = 0) -> None:
        try:
            self._server = _Server(shelves, port)
        except (OSError, OverflowError) as error:
            raise FileError(
                f"Can't listen on port {port} of {_ADDRESS}: {error}. Give another one, or 0."
            ) from error
        self.url = f"http://{_ADDRESS}:{self._server.server_port}/"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True),
            *(threading.Thread(target=shelf.prepare, daemon=True) for shelf in shelves),
        ]
        for thread in self._threads:
            thread.start()

    def open_browser(self) -> bool:
        """Show the page in a browser, if there is a screen to show it on.

        Returns
        -------
        bool
            Whether there is.
        """
        screens = ("DISPLAY", "WAYLAND_DISPLAY")
        if sys.platform == "linux" and not any(map(os.environ.get, screens)):
            return False  # what would come up is a browser of text in this terminal
        return webbrowser.open(self.url)

    def wait(self) -> None:
        """Wait until somebody closes the server, or for Ctrl-C."""
        self._threads[0].join()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Explorer at {self.url}>"


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, shelves: Sequence[Shelf], port: int) -> None:
        super().__init__((_ADDRESS, port), _Handler)
        self.shelves = shelves
        self.names = {f"{name}:{self.server_port}" for name in (_ADDRESS, "localhost")}
        if self.server_port == http.client.HTTP_PORT:  # which browsers leave out
            self.names |= {_ADDRESS, "localhost"}

    def server_bind(self) -> None:
        super(http.server.HTTPServer, self).server_bind()  # without asking for the host's name
        self.server_name, self.server_port = _ADDRESS, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        if not isinstance(sys.exception(), OSError):  # a browser may leave at any time
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of a line that is none: 0.9 would get no status
    timeout = _PATIENCE
    server: _Server

    def do_GET(self) -> None:
        """Answer the only kind of request there is."""
        refused = self._refused()
        if refused is not None:
            self.close_connection = True
            self._send(refused)
            return
        try:
            parts = urlsplit(self.path)
        except ValueError:  # "http://["
            self._send(problem(400, "This is no address."))
            return
        self._send(answer(self.server.shelves, parts.path, parts.query))

    def _refused(self) -> Answer | None:
        """Say what is wrong with a request before it is looked at."""
        headers = self.headers
        if headers.get_all("Host", []) != [host := headers.get("Host", "")]:
            return problem(400, "One Host is needed.")
        if host.lower() not in self.server.names:
            return problem(403, "This server answers to its own address only.")
        if headers.get("Origin", f"http://{host}") != f"http://{host}":
            return problem(403, "This server answers to its own page only.")
        site = headers.get("Sec-Fetch-Site", "none")
        # a link from elsewhere may open the page (which can't be read from there), but no more
        opened = (self.path, headers.get("Sec-Fetch-Dest")) == ("/", "document")
        if site not in ("none", "same-origin") and not opened:
            return problem(403, "This server answers to its own page only.")
        if len(self.path) > _LONGEST_PATH:
            return problem(414, f"A request has {_LONGEST_PATH} characters at most.")
        if headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers:
            return problem(413, "A request has no body here.")
        return None

    def _send(self, found: Answer) -> None:
        self.send_response(found.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if found.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the standard library finds wrong in JSON, and without its words."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED:  # its answer to a method without a do_METHOD
            self._send(problem(405, "This server knows GET only."))
        else:
            self._send(problem(code, HTTPStatus(code).phrase))

    def version_string(self) -> str:
        """Tell nothing of versions."""
        return "wordkin"

    def log_message(self, format: str, *arguments: object) -> None:
        """Tell nothing in the terminal of each request."""
