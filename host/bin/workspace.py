"""The workspace's volume on this host: workspace.py attach, detach or keep, with the settings in the environment.

attach waits until no other host has the volume, attaches it, formats it only when it is blank, and mounts it.
detach unmounts it and lets it go. keep runs for ever: it takes up a grown volume, gives the volume to a newer host that
asks for it, and takes it back when that host does not live to use it.
"""

import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

MOUNT_POINT = Path("/workspace")
LABEL = "tablesleuth"
ASKED_NAME = "/dev/sdf"
# A new host writes its id here, and the old one reads it: hosts cannot reach each other in any other way.
WANTED_TAG = "tablesleuth:wanted-by"
UNIT = "tablesleuth-workspace.service"
PROGRAMS = ("gizmosql.service", "tablesleuth-web.service")

# The old host looks every 20 seconds and lets queries finish for 100; a host that is shut down takes less.
WAIT_SECONDS = 300
RETRY_SECONDS = 3
DEVICE_SECONDS = 30
LOOK_SECONDS = 20
# How often in a row the volume is seen out of use until this host takes it, or takes it back.
LOOKS_UNTIL_BACK = 4
NO_USE_ASKING_AGAIN = {"UnauthorizedOperation", "AccessDenied", "InvalidVolume.NotFound", "InvalidVolume.ZoneMismatch"}
ALIVE = {"pending", "running"}

FOLDERS = {"catalog": 0o700, "gizmosql": 0o700, "results": 0o755}
OWNER = "tablesleuth"

VOLUME = os.environ.get("WORKSPACE_VOLUME_ID", "")
REGION = os.environ.get("AWS_REGION", "")


class Failure(Exception):
    """What a person has to know, in one line."""


class AwsError(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split())[:600])
        found = re.search(r"\(([\w.]+)\) when calling", text)
        self.code = found.group(1) if found else ""


def say(text: str) -> None:
    print(f"workspace: {text}", file=sys.stderr, flush=True)


def run(*command: str, accept: tuple[int, ...] = (0,)) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode not in accept:
        words = " ".join((outcome.stderr or outcome.stdout).split())
        raise Failure(f"{' '.join(command)} ended with {outcome.returncode}: {words[:600]}")
    return outcome.stdout.strip()


def ec2(*arguments: str) -> dict:
    quick = ("--cli-connect-timeout", "5", "--cli-read-timeout", "10", "--no-cli-pager")
    command = ("aws", "ec2", *arguments, "--region", REGION, "--output", "json", *quick)
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise AwsError(outcome.stderr)
    return json.loads(outcome.stdout or "{}")


def own_id() -> str:
    base = "http://169.254.169.254/latest"
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    with urllib.request.urlopen(urllib.request.Request(f"{base}/api/token", method="PUT", headers=lifetime), timeout=5) as answer:
        token = {"X-aws-ec2-metadata-token": answer.read().decode()}
    with urllib.request.urlopen(urllib.request.Request(f"{base}/meta-data/instance-id", headers=token), timeout=5) as answer:
        return answer.read().decode()


class Volume:
    """The volume as EC2 describes it now."""

    def __init__(self) -> None:
        [self._description] = ec2("describe-volumes", "--volume-ids", VOLUME)["Volumes"]
        [self._attachment] = self._description.get("Attachments") or [{}]

    @property
    def state(self) -> str:
        return self._attachment.get("State") or self._description["State"]

    @property
    def holder(self) -> str:
        return self._attachment.get("InstanceId", "")

    @property
    def wanted_by(self) -> str:
        tags = {tag["Key"]: tag["Value"] for tag in self._description.get("Tags", [])}
        return tags.get(WANTED_TAG, "")


def state_of(instance: str) -> str:
    try:
        [reservation] = ec2("describe-instances", "--instance-ids", instance)["Reservations"]
    except AwsError as error:
        if error.code == "InvalidInstanceID.NotFound":
            return "gone"
        raise
    return reservation["Instances"][0]["State"]["Name"]


def obstacle_to(me: str) -> str:
    """Does what can be done to have the volume here, and says what is still in the way; nothing when it is here."""
    volume = Volume()
    if volume.holder == me:
        return "" if volume.state == "attached" else f"it is {volume.state}"
    if not volume.holder:
        if volume.state == "available":
            ec2("attach-volume", "--volume-id", VOLUME, "--instance-id", me, "--device", ASKED_NAME)
        return f"it is {volume.state}"
    state = state_of(volume.holder)
    if state == "stopped" and volume.state == "attached":
        ec2("detach-volume", "--volume-id", VOLUME, "--instance-id", volume.holder)
    elif state in ALIVE and volume.wanted_by != me:
        say(f"asks {volume.holder}, which is {state}, for {VOLUME}")
        ec2("create-tags", "--resources", VOLUME, "--tags", f"Key={WANTED_TAG},Value={me}")
    return f"{volume.holder}, which is {state}, has it ({volume.state})"


def wait_for_volume() -> None:
    obstacle, deadline = "", time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            obstacle = obstacle_to(own_id())
        except AwsError as error:
            if error.code in NO_USE_ASKING_AGAIN:
                raise Failure(f"{VOLUME} cannot be attached to this host: {error}") from error
            obstacle = str(error)
        except OSError as error:
            obstacle = f"instance metadata does not answer: {error}"
        if not obstacle:
            return
        time.sleep(RETRY_SECONDS)
    raise Failure(f"{VOLUME} did not come to this host within {WAIT_SECONDS} seconds: {obstacle}")


def device() -> Path:
    """Where the volume is: by its id on Nitro instances, by the name that was asked for on older ones."""
    by_id = Path(f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{VOLUME.replace('-', '')}")
    deadline = time.monotonic() + DEVICE_SECONDS
    while time.monotonic() < deadline:
        for name in (by_id, Path(ASKED_NAME), Path(ASKED_NAME.replace("/sd", "/xvd"))):
            if name.is_block_device():
                return name.resolve()
        time.sleep(0.5)
    raise Failure(f"{VOLUME} is attached, but no block device of this host is it")


def signatures(block_device: Path) -> dict[str, str]:
    """What is recognised on a device: file systems, partition tables, members of arrays; nothing on a blank one."""
    with block_device.open("rb") as opened:
        opened.read(4096)  # What cannot be read must not pass for blank.
    nothing, ambivalent = 2, 8
    probed = run("blkid", "--probe", "--output", "export", str(block_device), accept=(0, nothing, ambivalent))
    found = dict(line.split("=", 1) for line in probed.splitlines() if "=" in line)
    found.pop("DEVNAME", None)
    wiped = run("wipefs", "--no-act", "--noheadings", "--output", "TYPE", str(block_device))
    return found or ({"TYPE": wiped.replace("\n", " and ")} if wiped else {})


def ensure_file_system(block_device: Path) -> None:
    found = signatures(block_device)
    if not found:
        say(f"{VOLUME} is blank: makes a file system on it")
        run("mkfs.xfs", "-q", "-L", LABEL, str(block_device))
    elif (found.get("TYPE"), found.get("LABEL")) != ("xfs", LABEL):
        what = ", ".join(f"{key} {value}" for key, value in found.items() if key in ("TYPE", "LABEL", "PTTYPE"))
        raise Failure(f"{VOLUME} is no workspace, it holds {what or 'something'}: nothing on it was changed")


def mount(block_device: Path) -> None:
    labelled = run("findfs", f"LABEL={LABEL}")
    if Path(labelled).resolve() != block_device:
        raise Failure(f"{labelled} has the label {LABEL} as well as {VOLUME}: detach the other volume")
    MOUNT_POINT.mkdir(exist_ok=True)
    run("mount", "-t", "xfs", "-o", "noatime,nodev,nosuid", f"LABEL={LABEL}", str(MOUNT_POINT))


def grow() -> None:
    run("xfs_growfs", str(MOUNT_POINT))


def prepare_folders() -> None:
    """The system user's number may differ from host to host, its name does not."""
    for name, mode in FOLDERS.items():
        folder = MOUNT_POINT / name
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        run("chown", "--recursive", "--no-dereference", f"{OWNER}:{OWNER}", str(folder))
    history = MOUNT_POINT / "history"
    history.mkdir(exist_ok=True)
    history.chmod(0o1733)
    for file in history.iterdir():
        with contextlib.suppress(KeyError):  # A user that this host does not have, or not yet.
            os.chown(file, pwd.getpwnam(file.name).pw_uid, -1, follow_symlinks=False)


def attach() -> None:
    if not os.path.ismount(MOUNT_POINT):
        wait_for_volume()
        block_device = device()
        ensure_file_system(block_device)
        mount(block_device)
        grow()
    prepare_folders()
    say(f"{VOLUME} is at {MOUNT_POINT}")


def users_of(mount_point: Path) -> Iterator[int]:
    """Processes, such as somebody's shell, that have a folder or a file of it open."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            used = [os.readlink(process / "cwd"), *(os.readlink(file) for file in (process / "fd").iterdir())]
        except OSError:
            continue  # It has ended meanwhile.
        if any(Path(path).is_relative_to(mount_point) for path in used):
            yield int(process.name)


def unmount() -> None:
    for _attempt in range(3):
        if subprocess.run(("umount", str(MOUNT_POINT)), capture_output=True, check=False).returncode == 0:
            return
        for process in users_of(MOUNT_POINT):
            say(f"ends process {process}, which uses {MOUNT_POINT}")
            os.kill(process, signal.SIGKILL)
        time.sleep(0.5)
    run("umount", str(MOUNT_POINT))


def detach() -> None:
    if os.path.ismount(MOUNT_POINT):
        unmount()
    try:
        ec2("detach-volume", "--volume-id", VOLUME, "--instance-id", own_id())
        say(f"let {VOLUME} go")
    except (AwsError, OSError) as problem:
        # Nothing is lost: the file system is whole, and EC2 itself detaches it when this host has ended.
        say(f"could not let {VOLUME} go: {problem}")


class Keeper:
    def __init__(self) -> None:
        self._me = own_id()
        self._size = 0
        self._looks_out_of_use = 0

    def look(self) -> None:
        volume = Volume()
        if os.path.ismount(MOUNT_POINT):
            self._take_up_growth()
            wanted_by = volume.wanted_by
            if wanted_by not in ("", self._me) and state_of(wanted_by) in ALIVE:
                say(f"gives {VOLUME} to {wanted_by}")
                run("systemctl", "stop", UNIT)
        out_of_use = not os.path.ismount(MOUNT_POINT) and (volume.state == "available" or volume.holder == self._me)
        self._looks_out_of_use = self._looks_out_of_use + 1 if out_of_use else 0
        if self._looks_out_of_use >= LOOKS_UNTIL_BACK:
            say(f"takes {VOLUME}, which nobody uses")
            run("systemctl", "start", UNIT, *PROGRAMS)

    def _take_up_growth(self) -> None:
        block_device = device()
        with block_device.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
        if size != self._size:
            grow()
            say(f"{VOLUME} has {size // 2**20} MiB, all of them in use at {MOUNT_POINT}")
        self._size = size


def keep() -> None:
    keeper = Keeper()
    while True:
        try:
            keeper.look()
        except (AwsError, Failure, OSError, ValueError) as problem:
            say(f"tries again in {LOOK_SECONDS} seconds: {problem}")
        time.sleep(LOOK_SECONDS)


def main() -> None:
    if not re.fullmatch(r"vol-[0-9a-f]{8,17}", VOLUME):
        sys.exit(f"workspace: WORKSPACE_VOLUME_ID is {VOLUME!r}: the id of a volume is wanted")
    try:
        {"attach": attach, "detach": detach, "keep": keep}[sys.argv[1]]()
    except (Failure, OSError) as failure:
        sys.exit(f"workspace: {failure}")


if __name__ == "__main__":
    main()
