"""The workspace that all hosts share: shared-workspace.py attach or detach, with the settings in the environment.

attach has the file system mounted and takes the first folder below hosts/ that no living host has: what only one program can
have open is there, and a lost host's successor finds it. detach gives the folder back and unmounts the file system.
"""

import contextlib
import fcntl
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # Python's isolated mode leaves the program's own folder out.
from workspace import ALIVE, MOUNT_POINT, OWNER, RETRY_SECONDS, AwsError, Failure, own_id, say, state_of, unmount  # noqa: E402

MOUNT_UNIT = "workspace.mount"
# What GizmoSQL's configuration names: the folder's own name is known only once it has been taken.
OWN_FOLDER = Path("/run/tablesleuth-own-workspace")
HOSTS = MOUNT_POINT / "hosts"
HELD_BY = "held-by"
MOST_HOSTS = 100

# The permissions of a new role, and the name of a new mount target, may take a minute to be known everywhere.
MOUNT_SECONDS = 180
# A host that shuts down still writes; more than this it is not waited for.
ENDING_SECONDS = 120
ENDING = {"shutting-down", "stopping"}

SHARED = {"catalog": 0o700, "results": 0o755, "hosts": 0o755}
FILE_SYSTEM = os.environ.get("WORKSPACE_FILE_SYSTEM_ID", "")


def last_words(unit: str) -> str:
    command = ("journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=4", f"--unit={unit}")
    return " ".join(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split())[-600:]


def mount() -> None:
    """Through a unit, because what encrypts the connection is a process that lives as long as the mount."""
    deadline = time.monotonic() + MOUNT_SECONDS
    while time.monotonic() < deadline:
        subprocess.run(("systemctl", "start", MOUNT_UNIT), capture_output=True, check=False)
        if os.path.ismount(MOUNT_POINT):
            return
        time.sleep(RETRY_SECONDS)
    raise Failure(f"{FILE_SYSTEM} could not be mounted within {MOUNT_SECONDS} seconds: {last_words(MOUNT_UNIT)}")


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """As the programs' own user. On AWS the access point makes everybody the one owner; nobody can change a file's."""
    owner = pwd.getpwnam(OWNER)
    os.setegid(owner.pw_gid)
    os.seteuid(owner.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def make_folder(folder: Path, mode: int) -> None:
    with as_owner():
        folder.mkdir(exist_ok=True)
        if folder.stat().st_mode & 0o7777 != mode:
            folder.chmod(mode)


@contextlib.contextmanager
def no_other_host_choosing() -> Iterator[None]:
    """The lock of a host that is lost ends with its lease."""
    with as_owner():
        lock = (HOSTS / ".lock").open("a")
    with lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield


def holder_of(folder: Path) -> str:
    try:
        return (folder / HELD_BY).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def take(folder: Path, me: str) -> Path:
    make_folder(folder, 0o755)
    with as_owner():
        # In one step: a host that is lost meanwhile leaves the old name or the new one, never an empty file.
        written = folder / f".{HELD_BY}.new"
        written.write_text(f"{me}\n", encoding="utf-8")
        written.replace(folder / HELD_BY)
    return folder


def choose(me: str, waits_for_ending: bool) -> Path | None:
    """The folder that this host has from now on; nothing while the host that has it shuts down."""
    holders = {HOSTS / str(number): holder_of(HOSTS / str(number)) for number in range(1, MOST_HOSTS + 1)}
    for folder, holder in holders.items():
        if holder == me:
            return folder
    for folder, holder in holders.items():
        state = state_of(holder) if holder else "gone"
        if state in ENDING and waits_for_ending:
            say(f"waits for {holder}, which is {state} and has {folder}")
            return None
        if state not in ALIVE | ENDING:
            return take(folder, me)
    raise Failure(f"{MOST_HOSTS} hosts have a folder in {HOSTS}, and all of them live")


def own_folder() -> Path:
    began, trouble = time.monotonic(), ""
    while (passed := time.monotonic() - began) < 2 * ENDING_SECONDS:
        try:
            with no_other_host_choosing():
                folder = choose(own_id(), passed < ENDING_SECONDS)
            if folder:
                return folder
        except AwsError as error:
            trouble = str(error)
        time.sleep(RETRY_SECONDS)
    raise Failure(f"found no folder in {HOSTS} for this host within {2 * ENDING_SECONDS} seconds: {trouble}")


def attach() -> None:
    if not os.path.ismount(MOUNT_POINT):
        mount()
    for name, mode in SHARED.items():
        make_folder(MOUNT_POINT / name, mode)
    folder = own_folder()
    make_folder(folder / "gizmosql", 0o700)
    OWN_FOLDER.unlink(missing_ok=True)
    OWN_FOLDER.symlink_to(folder)
    say(f"{FILE_SYSTEM} is at {MOUNT_POINT}, and {folder} is this host's own")


def detach() -> None:
    if os.path.ismount(MOUNT_POINT):
        # The programs have stopped: another host may have the folder at once.
        (OWN_FOLDER / HELD_BY).unlink(missing_ok=True)
        unmount()
    OWN_FOLDER.unlink(missing_ok=True)
    say(f"let {FILE_SYSTEM} go")


def main() -> None:
    if not re.fullmatch(r"fs-[0-9a-f]{8,17}", FILE_SYSTEM):
        sys.exit(f"workspace: WORKSPACE_FILE_SYSTEM_ID is {FILE_SYSTEM!r}: the id of a file system is wanted")
    try:
        {"attach": attach, "detach": detach}[sys.argv[1]]()
    except (Failure, OSError) as failure:
        sys.exit(f"workspace: {failure}")


if __name__ == "__main__":
    main()
