"""Answers GET /health for the pair: 200 only when TableSleuth answers and its login to GizmoSQL works, else 503.

The body says which one is not well: {"healthy": false, "tablesleuth": "up", "gizmosql": "down"}. A host that drains is not
well from the first moment, so that nobody is sent to it any more: {"healthy": false, "draining": true}.
Every answer opens a connection to both ports, so a program that died is seen at once. The login, which costs a query, is
remembered for a few seconds. An answer takes under three seconds even when a program hangs.
"""

import http.client
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LISTEN = ("127.0.0.1", 8081)
TABLESLEUTH = ("127.0.0.1", 8000)
GIZMOSQL = ("127.0.0.1", 31337)
DRAINING = Path("/run/tablesleuth-drain/begun")
CONNECT_SECONDS = 0.3
ANSWER_SECONDS = 2.0
REMEMBER_SECONDS = 5.0


def accepts_connections(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, CONNECT_SECONDS):
            return True
    except OSError:
        return False


def ask_tablesleuth_to_log_in() -> tuple[bool, bool]:
    """Returns whether TableSleuth answered, and whether its login and query at GizmoSQL worked."""
    connection = http.client.HTTPConnection(*TABLESLEUTH, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/api/gizmosql/status")
        response = connection.getresponse()
        body = json.loads(response.read())
        return True, response.status == 200 and body.get("connected") is True
    except TimeoutError:
        # The login hangs, which is GizmoSQL's doing as long as TableSleuth itself still answers.
        return tablesleuth_is_alive(), False
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return False, False
    finally:
        connection.close()


def tablesleuth_is_alive() -> bool:
    connection = http.client.HTTPConnection(*TABLESLEUTH, timeout=CONNECT_SECONDS)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Login:
    """The last login's outcome. One login at a time: callers that come meanwhile wait for it and share its answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcome = (False, False)
        self._valid_until = 0.0

    def outcome(self) -> tuple[bool, bool]:
        with self._lock:
            if time.monotonic() >= self._valid_until:
                self._outcome = ask_tablesleuth_to_log_in()
                # A failure is asked again soon, so that recovery is seen; a hanging login already spaced itself out.
                self._valid_until = time.monotonic() + (REMEMBER_SECONDS if all(self._outcome) else 1.0)
            return self._outcome

    def forget(self) -> None:
        with self._lock:
            self._valid_until = 0.0


def word(well: bool) -> str:
    return "up" if well else "down"


def examine(login: Login) -> tuple[int, dict[str, object]]:
    if DRAINING.exists():
        return 503, {"healthy": False, "draining": True}
    tablesleuth, gizmosql = accepts_connections(TABLESLEUTH), accepts_connections(GIZMOSQL)
    if not (tablesleuth and gizmosql):
        login.forget()
        # Without TableSleuth nobody can log in: an open port is then all that is known.
        state = "listening" if gizmosql else "down"
        return 503, {"healthy": False, "tablesleuth": word(tablesleuth), "gizmosql": state}
    tablesleuth, gizmosql = login.outcome()
    healthy = tablesleuth and gizmosql
    return 200 if healthy else 503, {"healthy": healthy, "tablesleuth": word(tablesleuth), "gizmosql": word(gizmosql)}


class Handler(BaseHTTPRequestHandler):
    login = Login()
    timeout = 5

    def do_GET(self) -> None:
        if self.path != "/health":
            self.answer(404, {"error": "only /health is here"})
            return
        self.answer(*examine(self.login))

    def answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a line for every health check would bury what matters."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(LISTEN, Handler)
    server.daemon_threads = True
    server.serve_forever()
