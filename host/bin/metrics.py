"""Writes how this host is and who uses it to a log, once a minute, as CloudWatch's embedded metric format.

The CloudWatch agent ships the log, and CloudWatch makes metrics of each line: this program needs no credentials and no network
but the host's own. Dimensions are the environment alone, so that a metric goes on when a host is replaced.
"""

import http.client
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # Python's isolated mode leaves the program's own folder out.
import activity  # noqa: E402

NAMESPACE = "CWAgent"
PROXY = ("127.0.0.1", 8080)
EVERY_SECONDS = 60
ANSWER_SECONDS = 5
LARGEST_BYTES = 5 * 1024 * 1024

UNITS = {
    "tablesleuth_healthy": "None",
    "tablesleuth_sessions": "Count",
    "tablesleuth_flight_connections": "Count",
    "tablesleuth_web_requests": "Count",
    "tablesleuth_queries": "Count",
    "tablesleuth_gizmosql_restarts": "Count",
}


def line(environment: str, at: float, figures: dict[str, int]) -> str:
    """One line of the log: the figures, and what CloudWatch is to make of them."""
    metrics = [{"Name": name, "Unit": unit} for name, unit in UNITS.items()]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Environment"]], "Metrics": metrics}
    return json.dumps(
        {
            "_aws": {"Timestamp": int(at * 1000), "CloudWatchMetrics": [directive]},
            "Environment": environment,
            **{name: figures[name] for name in UNITS},
        }
    )


def figures(cursor_file: Path) -> dict[str, int]:
    """How this host is now, and what happened since it was asked last."""
    found = {
        "healthy": int(is_healthy()),
        "sessions": activity.sessions(),
        "flight_connections": activity.flight_connections(),
        **asdict(activity.work_since(cursor_file)),
    }
    return {f"tablesleuth_{name}": figure for name, figure in found.items()}


def is_healthy() -> bool:
    """Whether people would reach both programs: asked where they come in."""
    connection = http.client.HTTPConnection(*PROXY, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def write(log: Path, text: str) -> None:
    """Appends a line; the agent follows a log that is renamed."""
    if log.exists() and log.stat().st_size > LARGEST_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    with log.open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def main() -> None:
    if os.environ["HOST_METRICS"] != "true":
        print("nobody watches this host's metrics")
        return
    environment = os.environ["TABLESLEUTH_ENVIRONMENT"]
    log = Path(os.environ["LOGS_DIRECTORY"]) / "metrics.log"
    cursor_file = Path(os.environ["STATE_DIRECTORY"]) / "cursor"
    due = time.monotonic()
    while True:
        found = figures(cursor_file)
        write(log, line(environment, time.time(), found))
        due = max(due + EVERY_SECONDS, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
