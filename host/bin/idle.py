"""Asks for a stop of this host when nobody has used it for IDLE_STOP_AFTER_MINUTES.

Use is an open session of Session Manager, a connection to GizmoSQL that lasts (a client's, or a running query's), or a request
to the web interface. The decision is this host's; the account's event bus hears of it, and what listens there stops the host,
so that the host itself needs no permission to stop anything. Without the setting there is nothing to do, and the program ends.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import activity  # noqa: E402

ANNOUNCE = "/opt/tablesleuth/host/bin/announce"
LOOK_SECONDS = 15.0
# Between two requests: a stop that nobody heard of is asked for again.
REPEAT_SECONDS = 300.0


@dataclass(frozen=True)
class Use:
    """Who uses this host now, or did since the last look."""

    sessions: int
    connections: int
    requests: int

    def any(self) -> bool:
        return self.sessions + self.connections + self.requests > 0


class Idleness:
    """How long nobody has used the host. It counts from its start, so that a host is never stopped right after its boot."""

    def __init__(self, after_seconds: float, now: float) -> None:
        self._after = after_seconds
        self._used = now
        self._asked: float | None = None

    def seconds(self, now: float) -> float:
        return now - self._used

    def see(self, use: Use, now: float) -> bool:
        """Takes note of a look. Returns whether a stop has to be asked for now."""
        if use.any():
            self._used, self._asked = now, None
            return False
        if self.seconds(now) < self._after or (self._asked is not None and now - self._asked < REPEAT_SECONDS):
            return False
        self._asked = now
        return True


def look(cursor: Path) -> Use:
    """Takes a few seconds, in which a connection has to last to count."""
    connections = activity.flight_connections()
    return Use(activity.sessions(), connections, activity.work_since(cursor).web_requests)


def ask_for_stop(seconds: float) -> None:
    members = json.dumps({"idle-minutes": str(int(seconds // 60))})
    subprocess.run(["/bin/bash", ANNOUNCE, "TableSleuth Host Idle", members], check=False, timeout=60)


def main() -> None:
    minutes = os.environ.get("IDLE_STOP_AFTER_MINUTES")
    if not minutes:
        print("idle stop is off")
        return
    cursor = Path(os.environ["STATE_DIRECTORY"]) / "cursor"
    cursor.unlink(missing_ok=True)
    idleness = Idleness(float(minutes) * 60, time.monotonic())
    while True:
        if idleness.see(look(cursor), time.monotonic()):
            ask_for_stop(idleness.seconds(time.monotonic()))
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
