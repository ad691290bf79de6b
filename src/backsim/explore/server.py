"""The server of the what-if page: on this machine only, one answer after the other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backsim.errors import BacksimError, InputError
from backsim.explore import page
from backsim.explore.explorer import Explorer
from backsim.explore.journey import journey, offered
from backsim.present.html import fragment
from backsim.present.records import to_json

LOOPBACK = "127.0.0.1"
MOST_BYTES = 1_000_000
"""Of what is asked."""


class Server(ThreadingHTTPServer):
    """Answers a page that runs on this machine.  Raises InputError where the port is taken."""

    daemon_threads = True

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        self.explorer, self.lock = explorer, threading.Lock()
        self.text = page.live_page(explorer)
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            raise InputError(
                f"--port: expected a free port, got {port} ({error.strerror}); 0 takes any"
            ) from None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    @property
    def origins(self) -> tuple[str, ...]:
        """How a browser names this server: other names are other pages' attempts to read it."""
        return tuple(f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost"))

    def ask(self, path: str, asked: Mapping[str, Any]) -> Any:
        """The answer to a request; what the scenario refuses is said in it."""
        started = time.perf_counter()
        with self.lock:
            try:
                found = ANSWERS[path](self.explorer, asked)
            except BacksimError as error:
                return {"error": str(error)}
        return {**found, "seconds": time.perf_counter() - started}


def _journey(explorer: Explorer, asked: Mapping[str, Any]) -> Any:
    """The journey of an order, or of the first that is offered; and which are."""
    run = explorer.run(_changes(asked, "changes"))
    cases, order = offered(run), asked.get("order")
    if order is None:
        order = cases[0][0] if cases else 0
    if not isinstance(order, int):
        raise InputError(f"journey: expected the number of an order, got {order!r}")
    return {"cases": cases, "order": order, "html": fragment([journey(run, order)])}


def _changes(asked: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = asked.get(name, {})
    if not isinstance(found, dict):
        raise InputError(f"{name}: expected fields with their values, got {found!r}")
    return found


def _answer(explorer: Explorer, asked: Mapping[str, Any]) -> Any:
    """The numbers, in a step of replications more than the page has."""
    both, after = (_changes(asked, "pinned"), _changes(asked, "changes")), asked.get("after", 0)
    if not isinstance(after, int) or after < 0:
        raise InputError(f"after: expected a number of replications, got {after!r}")
    return page.answer(explorer, *both, after)


def _figures(explorer: Explorer, asked: Mapping[str, Any]) -> Any:
    return page.figures(explorer, _changes(asked, "pinned"), _changes(asked, "changes"))


ANSWERS: Mapping[str, Callable[[Explorer, Mapping[str, Any]], Any]] = {
    "/answer": _answer,
    "/figures": _figures,
    "/journey": _journey,
}


class _Handler(BaseHTTPRequestHandler):
    """Reads requests, and refuses those that come from elsewhere."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page."""
        if not self._ours():
            self._send(403, "text/plain", "this page answers its own machine only\n")
        elif self.path != "/":
            self._send(404, "text/plain", "the page is at /\n")
        else:
            self._send(200, "text/html", self.server.text)

    def do_POST(self) -> None:
        """An answer."""
        length = self.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else MOST_BYTES + 1
        if not self._ours() or self.path not in ANSWERS or size > MOST_BYTES:
            self.close_connection = True  # what was sent stays unread
            status = 403 if not self._ours() else 404 if self.path not in ANSWERS else 413
            self._send(status, "text/plain", f"{status}\n")
            return
        try:
            asked = json.loads(self.rfile.read(size))
        except ValueError:
            asked = None
        if isinstance(asked, dict):
            found = self.server.ask(self.path, asked)
        else:
            found = {"error": "expected a question as JSON"}
        self._send(200, "application/json", to_json(found))

    def _ours(self) -> bool:
        """Whether the request was meant for this server, by a page of its own."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        ours = self.server.origins
        return host in ours and (origin is None or origin.removeprefix("http://") in ours)

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the page shows what there is to say."""
