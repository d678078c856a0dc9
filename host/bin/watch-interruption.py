"""Asks instance metadata every five seconds, as AWS advises, whether EC2 or the group is about to take this host back.

An interruption becomes the file "interruption" in this unit's runtime folder, which starts tablesleuth-drain.service, and is
announced. So does the end that a group has in mind for a host it no longer needs, without an announcement: it happens every day.
A rebalance recommendation is announced alone: it may come hours before an interruption, or before none.
On an on-demand host that no group waits for there is nothing to watch, and the program ends.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

METADATA = "http://169.254.169.254/latest"
TOKEN_SECONDS = 21600
POLL_SECONDS = 5.0
ANSWER_SECONDS = 2.0
ANNOUNCE = "/opt/tablesleuth/host/bin/announce"

LIFE_CYCLE = "/meta-data/instance-life-cycle"
INTERRUPTION = "/meta-data/spot/instance-action"
REBALANCE = "/meta-data/events/recommendations/rebalance"
TARGET_STATE = "/meta-data/autoscaling/target-lifecycle-state"

# Gives what metadata holds at a path, or None when there is nothing.
Read = Callable[[str], str | None]
# Is told an event's name and its members.
Tell = Callable[[str, dict[str, str]], None]


class Metadata:
    """Instance metadata, version 2: a token first, and a new one when it is refused."""

    def __init__(self) -> None:
        self._token = ""

    def read(self, path: str) -> str | None:
        for _ in range(2):
            try:
                return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                if error.code != 401:
                    raise
                self._token = self._ask("PUT", "/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)})
        raise OSError(f"instance metadata refused a new token for {path}")

    @staticmethod
    def _ask(method: str, path: str, headers: dict[str, str]) -> str:
        request = urllib.request.Request(METADATA + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            return str(response.read().decode())


class Watcher:
    """What was seen so far: each notice is told once."""

    def __init__(self, read: Read, tell: Tell, note: Path, *, is_spot: bool, has_hook: bool) -> None:
        self._read = read
        self._tell = tell
        self._note = note
        self._is_spot = is_spot
        self._has_hook = has_hook
        self._recommended: str | None = None

    def look(self) -> bool:
        """Looks once. Returns whether the host is taken back, after which there is nothing more to wait for."""
        if self._has_hook and self._read(TARGET_STATE) == "Terminated":
            self._note.write_text("the group ends this host", encoding="utf-8")
            return True
        return self._is_spot and self._look_for_interruption()

    def _look_for_interruption(self) -> bool:
        action = self._read(INTERRUPTION)
        if action is not None:
            # First the note, which begins the drain: two minutes are left, and telling takes one or two seconds of them.
            self._note.write_text(action, encoding="utf-8")
            self._tell("TableSleuth Host Interruption", members_of(action, "action", "time"))
            return True
        recommended = self._read(REBALANCE)
        if recommended is not None and recommended != self._recommended:
            self._recommended = recommended
            self._tell("TableSleuth Host Rebalance Recommendation", members_of(recommended, "noticeTime"))
        return False


def members_of(document: str, *names: str) -> dict[str, str]:
    """The members of a JSON document that are worth telling. A document that is none is told whole."""
    try:
        found = json.loads(document)
        return {name: str(found[name]) for name in names if name in found}
    except (ValueError, TypeError):
        return {"notice": document}


def announce(name: str, members: dict[str, str]) -> None:
    """Tells others; that nobody could be told does not stop what has to be done."""
    subprocess.run(["/bin/bash", ANNOUNCE, name, json.dumps(members)], check=False, timeout=60)


def main() -> None:
    metadata = Metadata()
    is_spot, has_hook = metadata.read(LIFE_CYCLE) == "spot", bool(os.environ.get("TERMINATION_HOOK"))
    if not is_spot and not has_hook:
        print("this is no spot instance, and no group waits for it to drain: nobody will take it back")
        return
    note = Path(os.environ["RUNTIME_DIRECTORY"]) / "interruption"
    watcher = Watcher(metadata.read, announce, note, is_spot=is_spot, has_hook=has_hook)
    while True:
        try:
            if watcher.look():
                return
        except OSError as error:
            print(f"instance metadata did not answer: {error}", file=sys.stderr, flush=True)
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
