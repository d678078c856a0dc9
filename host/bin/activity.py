"""Who uses this host: people's sessions, connections to GizmoSQL, requests and queries. Imported by what reports it and by what
stops a host that nobody uses.

Functions that take text are pure. Those that take none read this host, and need no right but to see processes and the journal.
Only what lasts counts as a connection: health checks log in to GizmoSQL too, for a fraction of a second.
"""

import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

GIZMOSQL_PORT = 31337
GIZMOSQL = "gizmosql.service"
PROXY = "tablesleuth-proxy.service"
# Longer than a health check's login takes, which health.py cuts off after two seconds.
LASTING_SECONDS = 2.5

# Session Manager starts one for each session, of a shell or of a forwarded port. The kernel keeps 15 letters of a name.
_SESSION_WORKER = "ssm-session-worker"[:15]
_ESTABLISHED = "01"
# systemd's own id of "Scheduled restart job": a unit that died is started again. A restart that somebody asked for has none.
_RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"
# What TableSleuth runs on GizmoSQL, by its routes.
_QUERY_ROUTES = ("/api/gizmosql/query", "/api/gizmosql/profile", "/api/gizmosql/compare")
# What tells nothing of a person: programs and open pages ask it by themselves.
_STATUS_ROUTES = ("/api/health", "/api/gizmosql/status", "/api/config/status")


@dataclass(frozen=True)
class Connection:
    """A TCP connection to a port of this host, as the kernel names its two ends."""

    local: str
    remote: str


@dataclass(frozen=True)
class Work:
    """What happened since the journal was read last."""

    web_requests: int = 0
    queries: int = 0
    gizmosql_restarts: int = 0


def connections_to(port: int, table: str) -> set[Connection]:
    """The established connections to a port, from the text of /proc/net/tcp or tcp6; each once, by its server's end."""
    rows = (line.split() for line in table.splitlines()[1:])
    ends = ((row[1], row[2]) for row in rows if len(row) > 3 and row[3] == _ESTABLISHED)
    return {Connection(local, remote) for local, remote in ends if int(local.rpartition(":")[2], 16) == port}


def count_sessions(process_names: Iterable[str]) -> int:
    """Session Manager's open sessions, from the names of all processes."""
    return sum(name.strip() == _SESSION_WORKER for name in process_names)


def work_in(journal: Iterable[str]) -> Work:
    """Counts requests, queries and restarts in lines of `journalctl --output=json`."""
    requests = queries = restarts = 0
    for line in journal:
        entry = json.loads(line)
        if entry.get("_SYSTEMD_UNIT") == PROXY:
            method, path = request_of(entry.get("MESSAGE"))
            requests += path is not None and path not in _STATUS_ROUTES
            queries += method == "POST" and path in _QUERY_ROUTES
        elif entry.get("UNIT") == GIZMOSQL and entry.get("MESSAGE_ID") == _RESTART_SCHEDULED:
            restarts += 1
    return Work(requests, queries, restarts)


def request_of(message: object) -> tuple[str | None, str | None]:
    """Method and path of a line of nginx's access log. The journal gives what is no UTF-8 as a list of numbers."""
    parts = message.split('"') if isinstance(message, str) else []
    words = parts[1].split(" ") if len(parts) > 2 else []
    return (words[0], words[1].partition("?")[0]) if len(words) == 3 else (None, None)


def sessions() -> int:
    """Session Manager's sessions that are open now."""
    return count_sessions(_process_names())


def flight_connections() -> int:
    """Connections to GizmoSQL that last: SQL clients, and queries that run. Takes a few seconds."""
    before = _connections_now()
    time.sleep(LASTING_SECONDS)
    return len(before & _connections_now())


def work_since(cursor_file: Path) -> Work:
    """What happened since this was asked last with the same file."""
    journal = subprocess.run(
        [
            "journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE,MESSAGE_ID,UNIT,_SYSTEMD_UNIT",
            f"--cursor-file={cursor_file}", f"--unit={PROXY}", f"--unit={GIZMOSQL}",
        ],
        check=True, stdout=subprocess.PIPE, text=True, errors="replace",
    )  # fmt: skip
    return work_in(journal.stdout.splitlines())


def _process_names() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/comm"):
        try:
            yield file.read_text()
        except OSError:
            pass  # The process has ended meanwhile.


def _connections_now() -> set[Connection]:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    return {each for table in tables if table.exists() for each in connections_to(GIZMOSQL_PORT, table.read_text())}
